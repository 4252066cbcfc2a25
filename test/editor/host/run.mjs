// Runs the suite inside the extension host of a real VS Code: a desktop one fetched by @vscode/test-electron where that can
// be had and shown, else the one for the browser. The last line that it prints is `N passed, N failed`.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import * as esbuild from "esbuild";
import { findChromium } from "../../../scripts/chromium.mjs";
import { startCodeServer, windowAddress } from "../../../scripts/code-server.mjs";
import { main, say } from "../../../scripts/failure.mjs";
import { root } from "../../../scripts/places.mjs";
import { shortScratchFolder } from "../../../scripts/scratch.mjs";
import { ensureCodeServer } from "../../../scripts/vscode.mjs";

const suiteMilliseconds = 300_000;
/** The host's console, and the suite's report in it, come mixed with the workbench's own log. */
const workbenchLog =
  /^(%c|\[|Ignoring fetching|Updating additional|Resolv(ing|ed) connection|Creating a socket|Timed out waiting for authentication|Creation of workbench)/;
const bundle = join(root, "out", "host-suite");

await main(async () => {
  await esbuild.build({
    entryPoints: { index: join(root, "test/editor/host/index.ts") },
    outdir: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
  });
  writeFileSync(join(bundle, "package.json"), '{ "type": "commonjs" }\n');
  const home = shortScratchFolder("slh-");
  try {
    const folder = join(home, "observatory");
    cpSync(join(root, "samples", "observatory"), folder, { recursive: true });
    const report = process.env.SEARCHLIGHT_HOST_REPORT ?? join(home, "report.json");
    rmSync(report, { force: true });
    const env = { SEARCHLIGHT_HOME: join(home, "data"), SEARCHLIGHT_HOST_REPORT: report };
    const code = (await desktopCanBeHad()) ? await inDesktop(folder, env) : await inBrowser(home, folder, env);
    // A host that was killed reports success; only the suite's own report is believed.
    if (!existsSync(report))
      throw new Error("The suite ended without a report: the extension host died or never started it.");
    const { passed, failed } = JSON.parse(readFileSync(report, "utf8"));
    console.log(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : code;
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
});

async function desktopCanBeHad() {
  if (process.platform === "linux" && !process.env.DISPLAY) return false;
  try {
    return (
      await fetch("https://update.code.visualstudio.com/api/releases/stable", { signal: AbortSignal.timeout(5000) })
    ).ok;
  } catch {
    return false;
  }
}

async function inDesktop(folder, env) {
  say("Running the suite in the desktop VS Code");
  const { runTests } = await import("@vscode/test-electron");
  return runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: join(bundle, "index.js"),
    extensionTestsEnv: env,
    launchArgs: [
      folder,
      "--disable-extensions",
      "--disable-workspace-trust",
      ...(process.getuid?.() === 0 ? ["--no-sandbox", `--user-data-dir=${join(folder, "..", "ud")}`] : []),
    ],
  });
}

async function inBrowser(home, folder, env) {
  say("Running the suite in the VS Code for the browser");
  const { chromium } = await import("playwright-core");
  mkdirSync(join(home, "vs"));
  const server = await startCodeServer({
    ...(await ensureCodeServer()),
    home: join(home, "vs"),
    // A built VS Code runs tests only with this driver.
    args: ["--disable-workspace-trust", "--vscode-option", "enable-smoke-test-driver"],
    settings: { "git.enabled": false, "chat.disableAIFeatures": true },
    env,
    bare: true,
  });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    const ended = new Promise((resolve) => void page.exposeFunction("codeAutomationExit", resolve));
    await page.exposeFunction("codeAutomationLog", (type, args) => {
      const line = format(
        ...args.map((arg, index) => (index === 0 && typeof arg === "string" ? arg.replaceAll("%c", "%.0s") : arg)),
      );
      if (!workbenchLog.test(String(args[0]))) console.log(line);
    });
    const remote = (path) => `vscode-remote://127.0.0.1:${server.port}${encodeURI(path)}`;
    const address = new URL(windowAddress(server.origin, folder));
    address.searchParams.set(
      "payload",
      JSON.stringify([
        ["extensionDevelopmentPath", remote(root)],
        ["extensionTestsPath", remote(join(bundle, "index.js"))],
        ["skipWelcome", "true"],
      ]),
    );
    await page.goto(address.href);
    const late = new Promise((_, reject) =>
      setTimeout(
        () => reject(new Error(`The suite did not end within ${suiteMilliseconds / 1000} s.`)),
        suiteMilliseconds,
      ).unref(),
    );
    return await Promise.race([ended, late]);
  } finally {
    await browser.close();
    await server.stop();
  }
}
