import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type FrameLocator, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.mjs";
import { startCodeServer, windowAddress } from "../../scripts/code-server.mjs";
import { shortScratchFolder } from "../../scripts/scratch.mjs";
import { ensureCodeServer } from "../../scripts/vscode.mjs";
import { cacheHome } from "../../server/home.ts";

const screenshots = "out/screenshots";
const sample = "samples/observatory";

export interface WindowOptions {
  /** Open a copy of the sample handbook (default), or a window with no folder. */
  folder?: boolean;
  /** Leave the folder untrusted: the window is in Restricted Mode. */
  restricted?: boolean;
  settings?: Record<string, unknown>;
  /** Open a workspace of these folders of the copy, instead of the copy as one folder. */
  roots?: readonly string[];
  /** The training engine's packages of this machine are found by the window, which would else fetch its own. */
  engine?: boolean;
  /** Changes the copied folder before the window opens. */
  prepare?(folder: string): void;
  /** Size of the window in pixels. */
  viewport?: { width: number; height: number };
  /** The name under which the window is pictured before it closes; none is taken without. */
  nameAtEnd?(): string;
}

/** A window of a real VS Code with the extension in it, on a profile of its own, and what a person does there. */
export interface EditorWindow extends AsyncDisposable {
  page: Page;
  /** The opened folder; what a test changes there it changes for itself. */
  folder: string;
  /** `SEARCHLIGHT_HOME` of this window. */
  dataHome: string;
  /** `SEARCHLIGHT_CACHE` of this window. */
  cache: string;
  /** Types a command's title into the palette and runs it. */
  command(title: string): Promise<void>;
  /** `Searchlight: Ask` from the palette, then the question into the input box. */
  ask(question: string): Promise<void>;
  /** The document of the Trajectory view. */
  viewer(): FrameLocator;
  /** Process ids of the language servers of this window. */
  servers(): number[];
  screenshot(name: string): Promise<void>;
  /** What the console said that is an error of the extension or of a view. */
  errors: string[];
  /** Hosts other than this machine that the window asked for. */
  foreignHosts: Set<string>;
}

/**
 * Opens a window. The extension is the packaged one when `SEARCHLIGHT_VSIX` names it, else the working tree.
 */
export async function openEditorWindow(options: WindowOptions = {}): Promise<EditorWindow> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Error("No Chromium was found; npm test installs one, or name it in SEARCHLIGHT_CHROMIUM.");
  const home = shortScratchFolder("slw-");
  const folder = join(home, "observatory");
  const dataHome = join(home, "data");
  cpSync(sample, folder, { recursive: true });
  options.prepare?.(folder);
  const workspace = join(home, "rooms.code-workspace");
  if (options.roots)
    writeFileSync(workspace, JSON.stringify({ folders: options.roots.map((root) => ({ path: join(folder, root) })) }));
  if (options.engine) {
    mkdirSync(join(home, "cache"), { recursive: true });
    mkdirSync(join(cacheHome(), "engine"), { recursive: true });
    symlinkSync(join(cacheHome(), "engine"), join(home, "cache", "engine"));
  }
  const place = await ensureCodeServer();
  const vsix = process.env["SEARCHLIGHT_VSIX"];
  const server = await startCodeServer({
    ...place,
    home,
    vsix,
    args: options.restricted ? [] : ["--disable-workspace-trust"],
    // A package brings its own embedding model; it must not find the one in the cache.
    env: { SEARCHLIGHT_HOME: dataHome, ...(vsix ? { SEARCHLIGHT_CACHE: join(home, "cache") } : {}) },
    settings: {
      "git.enabled": false,
      "chat.disableAIFeatures": true,
      "workbench.colorTheme": "Default Dark Modern",
      // Not asked, a window opens its folder untrusted.
      "security.workspace.trust.startupPrompt": "never",
      ...options.settings,
    },
  });
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
    ],
  });
  const page = await (
    await browser.newContext({ viewport: options.viewport ?? { width: 1400, height: 900 } })
  ).newPage();
  const errors: string[] = [];
  const foreignHosts = new Set<string>();
  await page.context().route(
    (url) => /^(https?|wss?):$/.test(url.protocol) && url.hostname !== "127.0.0.1",
    (route) => {
      foreignHosts.add(new URL(route.request().url()).host);
      return route.abort();
    },
  );
  page.on("console", (message) => {
    const ours = /searchlight|content security policy/i.test(`${message.text()} ${message.location().url}`);
    if (message.type() === "error" && ours) errors.push(message.text());
  });
  const window: EditorWindow = {
    page,
    folder,
    dataHome,
    cache: vsix ? join(home, "cache") : cacheHome(),
    errors,
    foreignHosts,
    async command(title) {
      await page.keyboard.press("F1");
      const input = page.locator('.quick-input-widget input[type="text"]');
      await input.waitFor();
      await input.fill(`>${title}`);
      await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor();
      await page.keyboard.press("Enter");
    },
    async ask(question) {
      await window.command("Searchlight: Ask");
      const input = page.locator('.quick-input-widget input[placeholder^="A question"]');
      await input.waitFor();
      await input.fill(question);
      await page.keyboard.press("Enter");
    },
    viewer: () => page.frameLocator("iframe.webview").frameLocator("iframe#active-frame"),
    servers: () =>
      processes().flatMap(({ pid, command }) =>
        command.includes(home) && /dist[\\/]server\.cjs/.test(command) ? [pid] : [],
      ),
    async screenshot(name) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
    async [Symbol.asyncDispose]() {
      if (options.nameAtEnd) await window.screenshot(options.nameAtEnd()).catch(() => {});
      await browser.close();
      await server.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
  try {
    const opened = options.folder === false ? undefined : options.roots ? workspace : folder;
    await page.goto(windowAddress(server.origin, opened), { timeout: 120_000 });
    await page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
    await page.locator('.part.activitybar a.action-label[aria-label="Searchlight"]').waitFor({ timeout: 60_000 });
    return window;
  } catch (error) {
    await window.screenshot("window-did-not-open");
    await window[Symbol.asyncDispose]();
    throw error;
  }
}

function processes(): { pid: number; command: string }[] {
  return execFileSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 })
    .split("\n")
    .flatMap((line) => {
      const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid && command ? [{ pid: Number(pid), command }] : [];
    });
}
