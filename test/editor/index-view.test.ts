import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DocSite, docSite } from "../fixtures/doc-site.ts";
import { inspect } from "./inspector-page.ts";
import { type EditorWindow, openWindow, selectedLines } from "./window.ts";

let window: EditorWindow;
let site: DocSite;

beforeAll(async () => {
  site = await docSite({
    "/guide/": `<h1>Guide</h1><p>The heliograph signals at noon.</p><a href="night.html">night</a>`,
    "/guide/night.html": "<h1>Night</h1><p>The nocturnal observer writes the log by lamplight.</p>",
  });
  window = await openWindow({
    prepare: (folder) => writeFileSync(join(folder, "endless.md"), "# Endless\n\nNothing.\n".repeat(300_000)),
  });
});
afterAll(async () => {
  await window[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const pane = (): Locator =>
  window.page.locator(".pane", { has: window.page.locator('.pane-header[aria-label^="Index"]') });
const row = (text: string | RegExp): Locator => pane().locator(".monaco-list-row", { hasText: text });

test("the Index view lists what is searched with state, counts, size and model, and opens a skipped file", async () => {
  await window.command("Searchlight: Focus on Index View");
  await row(/observatory.*ready/).waitFor({ timeout: 180_000 });
  // The other views leave little room: the Index view is to be seen whole.
  for (const other of ["Trajectory", "Runs"]) {
    const header = window.page.locator(`.pane-header[aria-label^="${other}"][aria-expanded="true"]`);
    if (await header.count()) await header.click();
  }
  await row(/[\d,]+ passages/).waitFor();
  await row(/(?:^|[^f] )[\d,]+ vectors/).waitFor();
  await row(/on disk/).waitFor();
  await row(/dimensions/).waitFor();
  await row("1 file skipped").click();
  await window.screenshot("index-view");
  await row("endless.md").click();
  await window.page.locator(".tabs-container .tab", { hasText: "endless.md" }).waitFor();
});

test("the retrieval inspector shows both legs' ranks, and a click opens the place", async () => {
  const page = await inspect(window, "who looks after the Kestrel spectrograph");
  const first = page.locator("tbody tr").first();
  await window.screenshot("inspector");
  expect(await first.innerText()).toMatch(/#\d+[^]*#\d+/);
  const place = (await first.locator(".place").getAttribute("aria-label"))!;
  const [, path, line] = /^Open (.+?):(\d+)/.exec(place)!;
  await first.locator(".place").click();
  await window.page.locator(".tabs-container .tab.active", { hasText: path!.split("/").at(-1)! }).waitFor();
  const { line: last, characters } = await selectedLines(window.page);
  expect(last).toBeGreaterThanOrEqual(Number(line));
  expect(characters).toBeGreaterThan(0);
  expect(readFileSync(join(window.folder, path!), "utf8").split("\n").length).toBeGreaterThanOrEqual(last);
});

test("a documentation site is added from the palette, fetched, listed and found", async () => {
  const { page } = window;
  await window.command("Searchlight: Add Documents…");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Documentation Site" }).click();
  const input = page.locator('.quick-input-widget input[type="text"]');
  await page.locator(".quick-input-title", { hasText: "1 of 2" }).waitFor();
  await input.fill(`${site.origin}/guide/`);
  await page.keyboard.press("Enter");
  await page.locator(".quick-input-title", { hasText: "2 of 2" }).waitFor();
  await page.keyboard.press("Enter");
  const name = `${new URL(site.origin).host}/guide`;
  await row(name).filter({ hasText: "ready" }).waitFor({ timeout: 60_000 });
  expect(site.paths()).toEqual(["/robots.txt", "/guide/", "/guide/night.html"]);
  await row(name).click();
  await row("Fetched: 2 pages").waitFor();
  await window.screenshot("index-view-site");

  const first = (await inspect(window, "nocturnal lamplight")).locator("tbody tr").first();
  await first.getByText(`${site.origin}/guide/night.html`).waitFor({ timeout: 30_000 });
  await first.locator(".place").click();
  await page.locator(".tabs-container .tab.active", { hasText: "guide-night" }).waitFor();
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
