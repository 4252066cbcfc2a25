// What a package must and must not hold.
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { Failure } from "./failure.mjs";

/** More than the parts it is made of (LanceDB 70, ONNX Runtime 16, embedding model 17) would be a mistake. */
const limitMebibytes = 125;

const needed = [
  "license.txt",
  "changelog.md",
  "package.json",
  "third-party-notices.txt",
  "media/icons/searchlight.svg",
  ...[
    "extension.cjs",
    "server.cjs",
    "lance.cjs",
    "document-worker.cjs",
    "text-index-worker.cjs",
    "minilm-worker.cjs",
    "piscina-worker.cjs",
    "cli.cjs",
    "run.cjs",
    "cli.js",
    "package.json",
  ].map((file) => `dist/${file}`),
  ...["viewer.js", "viewer.css", "trajectories.js", "trajectories.css", "run.js", "run.css", "inspector.js", "inspector.css", "codicon.ttf"].map(
    (file) => `dist/${file}`,
  ),
  ...[
    "jax/pyproject.toml",
    "leash/sitecustomize.py",
    "settle_requests.py",
    "shims/torch/__init__.py",
    "shims/peft/__init__.py",
  ].map((file) => `trainer/${file}`),
  "dist/cmaps/90ms-rksj-h.bcmap",
  ...["web-tree-sitter", "tree-sitter-python", "tree-sitter-typescript"].map((name) => `dist/grammars/${name}.wasm`),
  ...["model.onnx", "tokenizer.json"].map((file) => `dist/models/all-minilm-l6-v2-int8/${file}`),
];

const allowed = [
  /^[^/]+\.(json|md|txt)$/,
  /^docs\/images\/[^/]+\.(png|svg)$/,
  /^media\/icons\/[^/]+\.svg$/,
  /^media\/schemas\/[^/]+\.json$/,
  /^trainer\/(?:[a-z]+\/)*[a-zA-Z_]+\.(?:md|py|toml)$/,
  /^dist\/[^/]+\.(cjs|js|css|ttf|json|node)$/,
  /^dist\/cmaps\/[\w-]+\.bcmap$/,
  /^dist\/grammars\/[a-z-]+\.wasm$/,
  /^dist\/models\/all-minilm-l6-v2-int8\/[^/]+\.(onnx|json)$/,
  /^dist\/node_modules\/onnxruntime-(node|common)\/(package\.json|dist\/.+\.(js|json)|bin\/.+)$/,
];

/** Reads the package's list of contents. Answers its size in MiB and number of files. Throws `Failure` with all that is wrong. */
export async function checkPackage(file, target) {
  const { readZip } = createRequire(import.meta.url)("@vscode/vsce/out/zip.js");
  const names = [];
  await readZip(file, (name) => {
    if (name.startsWith("extension/")) names.push(name.slice("extension/".length));
    return false;
  });
  const megabytes = Math.round((statSync(file).size / 2 ** 20) * 10) / 10;
  const faults = [
    ...needed.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names
      .filter((name) => !allowed.some((pattern) => pattern.test(name)))
      .map((name) => `${name} does not belong there`),
    ...names.filter((name) => /\.(map|ts|tsx)$/.test(name)).map((name) => `${name} is a source`),
    ...(names.some((name) => /^dist\/lancedb\..+\.node$/.test(name))
      ? []
      : [`LanceDB's binary for ${target} is missing`]),
    ...(megabytes > limitMebibytes ? [`it has ${megabytes} MiB and may have ${limitMebibytes}`] : []),
  ];
  if (faults.length > 0) throw new Failure(`The package ${file} is not right: ${faults.join("; ")}.`);
  return { megabytes, files: names.length };
}
