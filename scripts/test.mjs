// npm test [-- TIER…]
// Sets up all that tests need, runs every tier (or those named), and ends with the line `N passed, N failed`.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureChromium } from "./chromium.mjs";
import { Failure, main, say } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { packageFile, root } from "./places.mjs";
import { capture, run } from "./processes.mjs";
import { setUp, setUpModel } from "./setup.mjs";
import { countHostReport, countVitestReport, errorsFile, exitCount } from "./test-counts.mjs";
import { ensureCodeServer } from "./vscode.mjs";

const reports = join(root, "out", "tests");

/** What a test machine needs beyond a program that runs. Each thing that cannot be had costs the tiers that need it. */
async function setUpForTests() {
  const missing = {};
  const attempt = async (name, get) => {
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      missing[name] = error.message;
      return undefined;
    }
  };
  missing.model =
    (await setUpModel("all-minilm-l6-v2-int8", "which tests of search need")) ??
    (await setUpModel("smollm2-135m-instruct-q4_1", "which tests of language models need"));
  missing.chromium = await attempt("browser", ensureChromium);
  await attempt("editor", ensureCodeServer);
  return missing;
}

/** In the order they run: the quick and telling first. Each answers its counts. */
const tiers = {
  lint: async ({ node, env }) =>
    exitCount(
      await run(node, [join(root, "scripts", "lint.mjs")], { cwd: root, env }),
      "npm run lint says what is wrong",
    ),
  unit: (context) => vitest("unit", context),
  server: (context) => vitest("server", context, context.missing.model),
  webview: (context) => vitest("webview", context, context.missing.browser),
  cli: (context) => vitest("cli", context, context.missing.model),
  engine: engineSuite,
  package: makePackage,
  host: hostSuite,
  editor: editorSuite,
};

async function vitest(project, { node, env }, unable, extra = {}) {
  if (unable) return { passed: 0, failed: 1, reason: unable };
  const report = join(reports, `${project}.json`);
  for (const file of [report, errorsFile(report)]) rmSync(file, { force: true });
  const reporters = ["default", "json", join(root, "scripts", "error-reporter.mjs")];
  const args = ["run", "--project", project, ...reporters.map((name) => `--reporter=${name}`)];
  args.push(`--outputFile.json=${report}`);
  // Each window of the editor, and each engine, fills a core by itself.
  if (project === "editor" || project === "engine") args.push("--no-file-parallelism");
  const code = await run(node, [join(root, "node_modules", "vitest", "vitest.mjs"), ...args], {
    cwd: root,
    env: { ...env, ...extra },
  });
  return countVitestReport(report, code);
}

/** The engine's packages are part of what the tier tries: where they cannot be had, it fails and says why. */
async function engineSuite(context) {
  const cli = join(root, "server", "cli.ts");
  const { code, output } = await capture(context.node, [cli, "trainer", "install"], { cwd: root, env: context.env });
  const unable = code === 0 ? context.missing.model : output.trim().split("\n").at(-1);
  return vitest("engine", context, unable);
}

async function hostSuite({ node, env, missing }) {
  const unable = missing.browser ?? missing.editor;
  if (unable) return { passed: 0, failed: 1, reason: unable };
  const report = join(reports, "host.json");
  rmSync(report, { force: true });
  const code = await run(node, [join(root, "test", "editor", "host", "run.mjs")], {
    cwd: root,
    env: { ...env, SEARCHLIGHT_HOST_REPORT: report },
  });
  return countHostReport(report, code);
}

async function makePackage(context) {
  const code = await run(context.node, [join(root, "scripts", "package.mjs")], { cwd: root, env: context.env });
  context.packaged = code === 0;
  return exitCount(code, "the package could not be made");
}

/** On the package where this run has made one, as people get it; else on the working tree. */
function editorSuite(context) {
  const unable = context.missing.browser ?? context.missing.editor;
  return vitest("editor", context, unable, context.packaged ? { SEARCHLIGHT_VSIX: packageFile() } : {});
}

function summarise(results) {
  const sum = (key) => results.reduce((total, result) => total + (result[key] ?? 0), 0);
  for (const { name, failures = [] } of results)
    for (const { test, message } of failures) console.log(`\nFailed in tier ${name}: ${test}\n${message}`);
  console.log("");
  for (const { name, passed, failed, skipped, reason } of results) {
    console.log(
      `${name.padEnd(8)} ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}${reason ? `: ${reason}` : ""}`,
    );
  }
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") > 0 ? 1 : 0;
}

await main(async () => {
  const results = [];
  const record = (name, counts) => results.push({ name, ...counts });
  try {
    const { node } = await setUp();
    const missing = await setUpForTests();
    const home = mkdtempSync(join(tmpdir(), "searchlight-test-"));
    const env = {
      ...withNode(node),
      SEARCHLIGHT_HOME: home,
      ...(missing.browser ? {} : { SEARCHLIGHT_CHROMIUM: missing.chromium }),
    };
    mkdirSync(reports, { recursive: true });
    try {
      const context = { node, env, missing };
      const named = process.argv.slice(2);
      const unknown = named.filter((name) => !(name in tiers));
      if (unknown.length > 0)
        throw new Failure(`There is no tier ${unknown.join(", ")}; the tiers are ${Object.keys(tiers).join(", ")}.`);
      for (const [name, tier] of Object.entries(tiers)) {
        if (named.length > 0 && !named.includes(name)) continue;
        say(`Tier ${name}`);
        record(name, await tier(context));
      }
    } finally {
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    record("set-up", { passed: 0, failed: 1, reason: error.message });
  }
  return summarise(results);
});
