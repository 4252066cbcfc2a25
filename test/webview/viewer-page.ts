import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Params } from "../../protocol/message.ts";
import { fromFileView, toFileView } from "../../protocol/file-view-messages.ts";
import { fromInspector, toInspector } from "../../protocol/inspector-messages.ts";
import { fromRunPage, toRunPage } from "../../protocol/run-page-messages.ts";
import { fromViewer, toViewer } from "../../protocol/viewer-messages.ts";
import { findChromium } from "../../scripts/chromium.mjs";
import { viewerHtml } from "../../src/views/viewer-html.ts";
import { type ThemeName, themes } from "./themes.ts";

const origin = "https://viewer.test";
const screenshots = "out/screenshots";

export interface Sent {
  method: string;
  params: unknown;
}

/** Which of the pages: the Trajectory view, the one of a file of trajectories, the one of a training run, or the retrieval inspector. */
export type PageName = "viewer" | "trajectories" | "run" | "inspector";

type ToPage = typeof toViewer & typeof toFileView & typeof toRunPage & typeof toInspector;
const toPage: ToPage = { ...toViewer, ...toFileView, ...toRunPage, ...toInspector };
const fromPage: typeof fromViewer & typeof fromFileView & typeof fromRunPage & typeof fromInspector = {
  ...fromViewer,
  ...fromFileView,
  ...fromRunPage,
  ...fromInspector,
};

/** A built page in a browser, with an editor's side that records what the page sends. */
export interface ViewerPage {
  page: Page;
  post<K extends keyof ToPage>(method: K, params: Params<ToPage[K]>): Promise<void>;
  /** What the view sent, each message parsed by its schema. */
  sent(): Promise<Sent[]>;
  /** Addresses asked for, other than the page's own script, style and font. */
  foreignRequests: string[];
  /** Breaches of the content policy, and errors of the page. */
  faults: string[];
  reload(): Promise<void>;
  /** Opens every fold, also those inside of folds. */
  unfoldAll(): Promise<void>;
  screenshot(name: string): Promise<void>;
}

/** Builds the viewer as it is shipped and starts a browser. `close` ends both. */
export async function startViewer(): Promise<{
  open(options?: { name?: PageName; theme?: ThemeName; width?: number; height?: number }): Promise<ViewerPage>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-viewer-"));
  const { bundles } = (await import(new URL("../../esbuild.mjs", import.meta.url).href)) as {
    bundles(production: boolean): BuildOptions[];
  };
  const options = bundles(true).find(({ entryPoints }) => entryPoints && "viewer" in entryPoints);
  if (!options) throw new Error("esbuild.mjs has no bundle named viewer.");
  await build({ ...options, outdir: folder });
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No Chromium was found; install one or name it in SEARCHLIGHT_CHROMIUM.");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    open: ({ name = "viewer", theme = "dark", width = 340, height = 900 } = {}) =>
      openPage(browser, folder, name, theme, { width, height }),
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openPage(
  browser: Browser,
  folder: string,
  name: PageName,
  theme: ThemeName,
  viewport: { width: number; height: number },
): Promise<ViewerPage> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  // What is not there by then does not come.
  page.setDefaultTimeout(10_000);
  const foreignRequests: string[] = [];
  const faults: string[] = [];
  const nonce = randomBytes(16).toString("base64");
  const html = viewerHtml({
    cspSource: origin,
    nonce,
    scriptUri: `${origin}/${name}.js`,
    styleUri: `${origin}/${name}.css`,
  });
  const types: Record<string, string> = { js: "text/javascript", css: "text/css", ttf: "font/ttf" };
  await page.route("**", async (route) => {
    const url = new URL(route.request().url());
    const file = url.pathname.slice(1);
    if (url.origin === origin && file === "") return route.fulfill({ contentType: "text/html", body: html });
    if (url.origin === origin && [`${name}.js`, `${name}.css`, "codicon.ttf"].includes(file)) {
      return route.fulfill({ contentType: types[file.split(".")[1]!]!, body: readFileSync(join(folder, file)) });
    }
    foreignRequests.push(url.href);
    return route.abort();
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.exposeFunction("reportBreach", (breach: string) => faults.push(breach));
  const { bodyClass, variables } = themes[theme];
  await page.addInitScript(
    ({ bodyClass, variables }) => {
      const sent: unknown[] = [];
      const state = {
        get: () => sessionStorage.getItem("state"),
        set: (value: unknown) => sessionStorage.setItem("state", JSON.stringify(value)),
      };
      Object.assign(window, {
        sent,
        acquireVsCodeApi: () => ({
          postMessage: (message: unknown) => sent.push(structuredClone(message)),
          getState: () => JSON.parse(state.get() ?? "null") ?? undefined,
          setState: state.set,
        }),
      });
      document.addEventListener("securitypolicyviolation", (event) => {
        void (window as unknown as { reportBreach(breach: string): Promise<void> }).reportBreach(
          `${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
        );
      });
      document.addEventListener("DOMContentLoaded", () => {
        document.body.className = bodyClass;
        for (const [name, value] of Object.entries(variables))
          document.documentElement.style.setProperty(`--vscode-${name}`, value);
      });
    },
    { bodyClass, variables: { ...variables } },
  );
  const load = async (): Promise<void> => {
    await page.goto(`${origin}/`);
    await page.waitForFunction(() =>
      (window as unknown as { sent: Sent[] }).sent.some(({ method }) => method === "ready"),
    );
  };
  await load();
  return {
    page,
    foreignRequests,
    faults,
    reload: load,
    post: (method, params) =>
      // The editor's messages arrive in the page the same way.
      page.evaluate((message) => window.postMessage(message, "*"), {
        method,
        params: toPage[method].params.parse(params),
      } as never),
    async sent() {
      const all = await page.evaluate(() => (window as unknown as { sent: Sent[] }).sent);
      return all.map(({ method, params }) => ({
        method,
        params: fromPage[method as keyof typeof fromPage].params.parse(params),
      }));
    },
    async unfoldAll() {
      const closed = page.locator('button[aria-expanded="false"]');
      while ((await closed.count()) > 0) await closed.first().click();
    },
    async screenshot(name) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
  };
}
