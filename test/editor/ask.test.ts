import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EditorWindow, openWindow, selectedLines } from "./window.ts";

const demo = JSON.parse(readFileSync("samples/observatory/demo.json", "utf8")) as { question: string };

let window: EditorWindow;

beforeAll(async () => {
  window = await openWindow();
});

afterAll(() => window[Symbol.asyncDispose]());

test("a question from the palette is answered in the sidebar, with its searches and citations that were re-read", async () => {
  await window.ask(demo.question);
  const viewer = window.viewer();
  await viewer.getByRole("heading", { name: demo.question }).waitFor({ timeout: 60_000 });
  const answer = viewer.getByRole("region", { name: "Answer" });
  await answer.waitFor({ timeout: 90_000 });
  // The view was not open before: it is to draw in time to follow the question down to its answer.
  const offset = (): Promise<number> =>
    answer.evaluate((element) => {
      const list = element.closest(".scroller")!.getBoundingClientRect();
      return (element.getBoundingClientRect().top - list.top) / list.height;
    });
  await expect.poll(offset, { timeout: 30_000 }).toBeLessThan(0.9);
  await window.screenshot("answer");
  expect(await answer.getByRole("list", { name: "Citations" }).getByRole("listitem").count()).toBeGreaterThan(0);
  expect(await answer.locator(".citation .status").first().textContent()).toContain("verified");
  expect(await viewer.locator("body").textContent()).toContain("Kestrel");
});

test("a clicked citation opens its file with the quoted lines selected", async () => {
  const citation = window.viewer().getByRole("list", { name: "Citations" }).getByRole("listitem").first();
  const quote = (await citation.locator("blockquote").textContent()) ?? "";
  const place = (await citation.getByRole("button", { name: /^Open / }).getAttribute("aria-label")) ?? "";
  const [, path, line] = /^Open (.+?):(\d+)/.exec(place) ?? [];
  await citation.getByRole("button", { name: /^Open / }).click();
  await window.page.locator(".tabs-container .tab.active", { hasText: path!.split("/").at(-1)! }).waitFor();
  await expect.poll(async () => (await selectedLines(window.page)).characters, { timeout: 45_000 }).toBeGreaterThan(0);
  const { line: last, characters } = await selectedLines(window.page);
  await window.screenshot("citation-opened");
  const lines = readFileSync(`${window.folder}/${path}`, "utf8")
    .split("\n")
    .slice(Number(line) - 1, last);
  expect(lines.join(" ")).toContain(quote);
  expect(characters).toBe(quote.length);
});

test("a question that was asked is among the runs and reopens from there", async () => {
  const run = window.page
    .locator(".pane", { hasText: "Runs" })
    .locator(".monaco-list-row", { hasText: demo.question.slice(0, 20) });
  await run.first().waitFor({ timeout: 45_000 });
  await run.first().click();
  await window.viewer().getByRole("region", { name: "Answer" }).waitFor();
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
