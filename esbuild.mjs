// Bundles the extension, the language server, the terminal program, their worker and the viewer into dist/.
//   node esbuild.mjs [--production] [--watch]
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
/** Where the working tree keeps its bundles. */
const dist = join(root, "dist");

/** LanceDB and Arrow are one bundle that server and terminal program share: both must see the same classes. */
const lance = {
  name: "lance",
  setup(build) {
    build.onResolve({ filter: /^(@lancedb\/lancedb|apache-arrow)$/ }, ({ path }) => ({ path, namespace: "lance" }));
    build.onLoad({ filter: /.*/, namespace: "lance" }, ({ path }) => ({
      contents: `module.exports = require("./lance.cjs")[${JSON.stringify(path)}];`,
      resolveDir: root,
    }));
    build.onResolve({ filter: /^\.\/lance\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Only the version of our own manifest is the program's business. */
const manifest = {
  name: "manifest",
  setup(build) {
    build.onLoad({ filter: /package\.json$/ }, ({ path }) => {
      if (path !== join(root, "package.json")) return undefined;
      const { version } = JSON.parse(readFileSync(path, "utf8"));
      return { contents: JSON.stringify({ version }), loader: "json" };
    });
  },
};

/** Zod's messages in fifty languages are more than all of its code; English is the one that is used. */
const zodInEnglish = {
  name: "zod-in-english",
  setup(build) {
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** Piscina starts its half of a worker from a file beside itself. */
const piscinaWorker = {
  name: "piscina-worker",
  setup(build) {
    build.onLoad({ filter: /piscina[\\/]dist[\\/]index\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("'worker.js'", "'piscina-worker.cjs'"),
      loader: "js",
    }));
  },
};

function nodeBundle(production, outdir) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    outdir,
    outExtension: { ".js": ".cjs" },
    // The UMD builds of the language server libraries hide their imports from a bundler.
    mainFields: ["module", "main"],
    // `canvas` (of the HTML reader) and `@napi-rs/nice` (of the worker pool) are optional parts that nothing here needs.
    external: ["vscode", "*.node", "@lancedb/lancedb-*", "onnxruntime-node", "canvas", "@napi-rs/nice"],
    // The extension host reports every look at `navigator`, which libraries take to see whether they run in a browser.
    define: { "import.meta.url": "bundleUrl", navigator: "undefined" },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    sourcemap: !production,
    minify: production,
    keepNames: true,
    logLevel: "warning",
  };
}

/** What is bundled; an entry that is not there yet is left out of the build and named by `missingEntries`. */
export function bundles(production = false, outdir = dist) {
  const node = nodeBundle(production, outdir);
  const pages = { viewer: "media/viewer/main.tsx", trajectories: "media/viewer/many/main.tsx", run: "media/run-page/main.tsx", inspector: "media/inspector/main.tsx" };
  return [
    { ...node, entryPoints: { extension: "src/extension.ts" }, plugins: [zodInEnglish] },
    {
      ...node,
      entryPoints: {
        server: "server/main.ts",
        cli: "server/cli.ts",
        ...(existsSync(join(root, "server/run.ts")) ? { run: "server/run.ts" } : {}),
        "document-worker": "server/documents/document-worker.ts",
        "text-index-worker": "server/trajectories/text/text-index-worker.ts",
        "minilm-worker": "server/models/minilm-worker.ts",
        "piscina-worker": "node_modules/piscina/dist/worker.js",
      },
      plugins: [lance, manifest, piscinaWorker, zodInEnglish],
    },
    {
      ...node,
      entryPoints: undefined,
      outdir: undefined,
      outExtension: undefined,
      outfile: join(outdir, "lance.cjs"),
      stdin: {
        contents: ["@lancedb/lancedb", "apache-arrow"]
          .map((name) => `exports[${JSON.stringify(name)}] = require(${JSON.stringify(name)});`)
          .join("\n"),
        resolveDir: root,
      },
      mainFields: ["main"],
      minify: true,
      sourcemap: false,
    },
    {
      absWorkingDir: root,
      bundle: true,
      format: "iife",
      // VS Code 1.105 draws with Chromium 138.
      target: "chrome138",
      entryPoints: pages,
      outdir,
      assetNames: "[name]",
      loader: { ".ttf": "file" },
      plugins: [zodInEnglish],
      jsx: "automatic",
      jsxImportSource: "preact",
      define: { "process.env.NODE_ENV": JSON.stringify(production ? "production" : "development") },
      sourcemap: production ? false : "linked",
      minify: true,
      logLevel: "warning",
    },
  ];
}

/** Files that are copied as they are. */
function place(outdir) {
  mkdirSync(outdir, { recursive: true });
  // The root manifest says "module"; the bundles are CommonJS.
  writeFileSync(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
  copyFileSync(join(root, "scripts", "cli-entry.cjs"), join(outdir, "cli.js"));
  placeGrammars(join(outdir, "grammars"));
  placeCharacterMaps(join(outdir, "cmaps"));
}

/** The parsers of source code, as their packages bring them; what is not code has none here. */
function placeGrammars(folder) {
  const modules = join(root, "node_modules");
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(modules, "web-tree-sitter", "web-tree-sitter.wasm"), join(folder, "web-tree-sitter.wasm"));
  const grammars = join(modules, "@vscode", "tree-sitter-wasm", "wasm");
  for (const file of readdirSync(grammars)) {
    if (/^tree-sitter-.+\.wasm$/.test(file) && !/-(?:css|ini|regex)\.wasm$/.test(file))
      copyFileSync(join(grammars, file), join(folder, file));
  }
}

/** What the PDF reader needs of Chinese, Japanese and Korean fonts. */
function placeCharacterMaps(folder) {
  const maps = join(root, "node_modules", "pdfjs-dist", "cmaps");
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(maps).filter((each) => each.endsWith(".bcmap")))
    copyFileSync(join(maps, file), join(folder, file));
}

function present(options) {
  const entries = Object.values(options.entryPoints ?? {});
  const absent = entries.filter((entry) => !existsSync(join(root, entry)));
  for (const entry of absent) console.error(`${entry} is not there; its bundle is left out.`);
  return absent.length === 0;
}

/** Builds all bundles once; rejects when one cannot be made. Answers the source files that went into them. */
export async function build({ production = false, outdir = dist } = {}) {
  place(outdir);
  const results = await Promise.all(
    bundles(production, outdir)
      .filter(present)
      .map((options) => esbuild.build({ ...options, metafile: true })),
  );
  return [...new Set(results.flatMap(({ metafile }) => Object.keys(metafile.inputs)))].sort();
}

/** Builds and goes on building what changes, until the process ends. */
export async function watch() {
  place(dist);
  for (const options of bundles().filter(present))
    await (await esbuild.context({ ...options, logLevel: "info" })).watch();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--watch")) await watch();
  else await build({ production: process.argv.includes("--production") });
}
