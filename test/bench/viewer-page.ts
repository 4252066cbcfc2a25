import { existsSync, readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import type { TrajectoryFiles } from "../../server/editor/trajectory-files.ts";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";
import { pageWork } from "../fixtures/page-work.ts";
import { withTokens } from "../fixtures/trained-trajectory.ts";
import { serveFile } from "../webview/file-page.ts";
import { startViewer } from "../webview/viewer-page.ts";
import { quantile } from "./quantile.ts";
import { record } from "./viewer-records.ts";

/** What the page of a file takes in a browser. Milliseconds unless a name says otherwise. */
export interface ViewerPageBench {
  /** From the file's name to its first row on the page. */
  firstPaint: number;
  /** From the key that chooses a row to its trajectory on the page. */
  open: { p50: number; p95: number };
  tokens: number;
  /** From the switch to tokens to the first of them on the page. */
  tokenView: number;
  /** Of these, what the page's own thread worked: other programs of the machine do not count. */
  tokenViewWork: number;
  /** The same for one frame while the tokens are scrolled. */
  frameWork: number;
  /** While the tokens are scrolled through; and of an empty page that does nothing. */
  framesPerSecond: number;
  emptyFramesPerSecond: number;
  /** Script memory of the page after many rows and trajectories were looked at. */
  pageMegabytes: number;
  /** The most that a process of these pages has for itself: the list after that, or the tokens after they were scrolled. Absent off Linux. */
  processMegabytes?: number;
}

const opened = 60;
const tokensWanted = 32_000;
const scrolledSeconds = 2;

/** Measures the page over a file that `files` holds open. */
export async function benchViewerPage(
  path: string,
  files: TrajectoryFiles,
  paragraphs: readonly string[],
): Promise<ViewerPageBench> {
  const viewer = await startViewer();
  try {
    const view = await viewer.open({ name: "trajectories", width: 1400, height: 900 });
    const { page } = view;
    const emptyFramesPerSecond = await frames(page, "body");
    let from = performance.now();
    const served = await serveFile(view, { path, files });
    await page.locator("#row-0 .row-question").waitFor();
    const firstPaint = performance.now() - from;
    const open: number[] = [];
    await page.getByRole("region", { name: "Record" }).waitFor();
    await page.locator("#row-list").focus();
    for (let at = 0; at < opened; at++) {
      const before = await shownId(page);
      from = performance.now();
      await page.keyboard.press(at % 10 === 9 ? "PageDown" : "ArrowDown");
      await page.waitForFunction(
        (id) => document.querySelector(".record .facts-list div:last-child dd")?.textContent !== id,
        before,
        { polling: "raf" },
      );
      open.push(performance.now() - from);
    }
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const heap = (await session.send("Runtime.getHeapUsage")) as { usedSize: number };
    const listProcess = await processMemory(page);
    served.close();
    const ordered = open.sort((a, b) => a - b);
    const { tokenProcess, ...tokens } = await benchTokens(viewer, paragraphs);
    const processes = [listProcess, tokenProcess].filter((each) => each !== undefined);
    return {
      firstPaint,
      open: { p50: quantile(ordered, 0.5), p95: quantile(ordered, 0.95) },
      ...tokens,
      ...(processes.length > 0 ? { processMegabytes: Math.max(...processes) } : {}),
      emptyFramesPerSecond,
      pageMegabytes: heap.usedSize / 2 ** 20,
    };
  } finally {
    await viewer.close();
  }
}

async function benchTokens(
  viewer: Awaited<ReturnType<typeof startViewer>>,
  paragraphs: readonly string[],
): Promise<
  Pick<ViewerPageBench, "tokens" | "tokenView" | "tokenViewWork" | "frameWork" | "framesPerSecond"> & {
    tokenProcess: number | undefined;
  }
> {
  const random = seededRandom(3);
  const pick = (): string => paragraphs[Math.floor(random() * paragraphs.length)]!;
  const { trajectory, texts } = withTokens(record(0, pick, random, tokensWanted * 5));
  const view = await viewer.open({ width: 520, height: 900 });
  const { page } = view;
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  const button = page.getByRole("button", { name: "Tokens", exact: true });
  await button.waitFor();
  const worked = await pageWork(page);
  const atRest = await worked();
  const from = performance.now();
  await button.click();
  await page.locator("#token-0").waitFor();
  const tokenView = performance.now() - from;
  const tokenViewWork = (await worked()) - atRest;
  await view.post("tokenTexts", { trajectoryId: trajectory.id, texts });
  await page.locator("#token-0", { hasText: /./ }).waitFor();
  const beforeFrames = await worked();
  const framesPerSecond = await frames(page, ".token-list");
  const frameWork = ((await worked()) - beforeFrames) / (framesPerSecond * scrolledSeconds);
  const tokenProcess = await processMemory(page);
  return { tokenProcess, tokens: texts.length, tokenView, tokenViewWork, frameWork, framesPerSecond };
}

/** MiB that the largest process of a browser's pages has for itself, by Linux's own count; what it shares with others is left out. */
async function processMemory(page: Page): Promise<number | undefined> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const own = processInfo
    .filter(({ type }) => type === "renderer")
    .flatMap(({ id }) => {
      const counts = `/proc/${id}/smaps_rollup`;
      if (!existsSync(counts)) return [];
      const kibibytes = [...readFileSync(counts, "utf8").matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
      return [kibibytes.reduce((sum, [, each]) => sum + Number(each), 0) / 1024];
    });
  return own.length > 0 ? Math.max(...own) : undefined;
}

/** Frames a second that a page draws while an element is scrolled by 40 pixels in each of them. */
function frames(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    ([of, seconds]) => {
      const element = document.querySelector(of)!;
      return new Promise<number>((resolve) => {
        let drawn = 0;
        const from = performance.now();
        const next = (): void => {
          drawn += 1;
          element.scrollTop += 40;
          const elapsed = performance.now() - from;
          if (elapsed > 1000 * seconds) resolve((1000 * drawn) / elapsed);
          else requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      });
    },
    [selector, scrolledSeconds] as const,
  );
}

function shownId(page: Page): Promise<string | null> {
  return page.locator(".record .facts-list div:last-child dd").textContent();
}
