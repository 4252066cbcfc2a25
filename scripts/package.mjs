// npm run package: the VSIX of this platform, in out/. Built aside from dist/, offline, from what set-up fetched.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage } from "./package-check.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { Failure, main, say } from "./failure.mjs";
import { fetchModel } from "./models.mjs";
import { ensureNode } from "./own-node.mjs";
import { packageFile, root } from "./places.mjs";
import { run } from "./processes.mjs";

const model = "all-minilm-l6-v2-int8";
const stage = join(root, "out", "package");
const modules = join(root, "node_modules");

/** LanceDB's binary package for each platform that it has one for. */
const lanceBinaries = {
  "linux-x64": "lancedb-linux-x64-gnu",
  "linux-arm64": "lancedb-linux-arm64-gnu",
  "darwin-arm64": "lancedb-darwin-arm64",
  "win32-x64": "lancedb-win32-x64-msvc",
  "win32-arm64": "lancedb-win32-arm64-msvc",
};

/** Makes and checks the VSIX of this platform; answers its path. Throws `Failure`. */
export async function makePackage() {
  const target = `${process.platform}-${process.arch}`;
  const file = packageFile();
  const fetched = await fetchModel(model);
  if (!fetched.ok)
    throw new Failure(`The package carries the model ${model}, which could not be fetched (${fetched.reason}).`);

  say(`Staging the package for ${target}`);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, "dist"), { recursive: true });
  const { build } = await import("../esbuild.mjs");
  const inputs = await build({ production: true, outdir: join(stage, "dist") });
  writeFileSync(join(stage, "package.json"), JSON.stringify(shippedManifest(), null, 2));
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md", ".vscodeignore"]) {
    if (existsSync(join(root, name))) copyFileSync(join(root, name), join(stage, name));
  }
  for (const folder of ["media/icons", "media/schemas", "docs/images"]) {
    if (existsSync(join(root, folder))) cpSync(join(root, folder), join(stage, folder), { recursive: true });
  }
  // What Python leaves beside its sources is not shipped.
  cpSync(join(root, "trainer"), join(stage, "trainer"), {
    recursive: true,
    filter: (path) => !/__pycache__|\.venv/.test(path),
  });
  cpSync(fetched.folder, join(stage, "dist", "models", model), { recursive: true });
  copyLance(target);
  copyOnnxRuntime();
  writeFileSync(
    join(stage, "THIRD-PARTY-NOTICES.txt"),
    notices([
      ...inputs,
      `node_modules/@lancedb/${lanceBinaries[target]}/`,
      "node_modules/onnxruntime-node/",
      "node_modules/onnxruntime-common/",
      "node_modules/@vscode/tree-sitter-wasm/",
      "node_modules/pdfjs-dist/",
    ]),
  );

  say("Packing");
  const { createVSIX } = await import("@vscode/vsce");
  await createVSIX({
    cwd: stage,
    packagePath: file,
    target,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const { megabytes, files } = await checkPackage(file, target);
  say(`${file}: ${files} files, ${megabytes} MiB`);
  return file;
}

/** The manifest without what only a working tree needs. */
function shippedManifest() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const key of ["scripts", "dependencies", "devDependencies", "overrides", "type", "files"]) delete manifest[key];
  return manifest;
}

/** Beside the bundle is where LanceDB's loader looks first. */
function copyLance(target) {
  const name = lanceBinaries[target];
  const from = name && join(modules, "@lancedb", name);
  if (!from || !existsSync(from))
    throw new Failure(`There is no LanceDB binary for ${target} in node_modules, so no package can be made for it.`);
  for (const file of readdirSync(from).filter((each) => each.endsWith(".node")))
    copyFileSync(join(from, file), join(stage, "dist", file));
}

/** ONNX Runtime loads its binary from beside its own files, so it stays a package, cut to this platform. */
function copyOnnxRuntime() {
  const code = (path) => !/\.map$|\.d\.ts$|\.min\.js$|[\\/]dist[\\/]esm/.test(path);
  for (const name of ["onnxruntime-node", "onnxruntime-common"]) {
    const to = join(stage, "dist", "node_modules", name);
    mkdirSync(to, { recursive: true });
    copyFileSync(join(modules, name, "package.json"), join(to, "package.json"));
    cpSync(join(modules, name, "dist"), join(to, "dist"), { recursive: true, filter: code });
  }
  const binary = join("onnxruntime-node", "bin", "napi-v6", process.platform, process.arch);
  cpSync(join(modules, binary), join(stage, "dist", "node_modules", binary), { recursive: true });
}

/** Name, version and licence of every package that a bundle was made from, with the licence's text where it has a file. */
function notices(inputs) {
  const packages = new Set(inputs.flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []));
  return [...packages]
    .sort()
    .map((name) => {
      const folder = join(modules, name);
      const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8").trim() : ""}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}

if (process.argv[1] === import.meta.filename || process.argv[1]?.endsWith("package.mjs")) {
  await main(async () => {
    const node = await ensureNode();
    // The packer needs the same Node as Searchlight does.
    if (node !== process.execPath) return run(node, [import.meta.filename, ...process.argv.slice(2)], { cwd: root });
    await ensureDependencies();
    await makePackage();
  });
}
