import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { annotationsPath } from "../../protocol/annotations.ts";
import { textIndexHome } from "../../server/trajectories/text/text-finder.ts";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { openWindow } from "./window.ts";

const groups = rolloutGroups({ steps: 2, prompts: 2, samples: 4 });
const name = "run.trajectories.jsonl";

/** More than what is searched without an index: the records many times over, the last with a word of its own. */
function longContent(): string {
  const padding = "The ridge keeps two domes and a wheel. ".repeat(200);
  const records = Array.from({ length: 800 }, (_, index) => {
    const { tokens: _tokens, ...record } = groups[index % groups.length]!;
    return { ...record, id: `record-${index}`, question: `${padding} ${index === 799 ? "theodolite" : ""}` };
  });
  return records.map((each) => `${JSON.stringify(each)}\n`).join("");
}

const fileView = (page: Page): FrameLocator =>
  page.frameLocator(".editor-instance iframe.webview, iframe.webview").frameLocator("iframe#active-frame");

async function openByName(page: Page): Promise<FrameLocator> {
  await page
    .locator(".statusbar-item", { hasText: /Indexing|\d+ files/ })
    .first()
    .waitFor({ timeout: 60_000 });
  await page.keyboard.press("Control+P");
  await page.locator('.quick-input-widget input[type="text"]').fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
  return fileView(page);
}

test("a long file is searched by an index that the server's own Node makes; tags, tests and questions are written to files", async () => {
  await using window = await openWindow({ prepare: (folder) => writeFileSync(join(folder, name), longContent()) });
  const { page, folder } = window;
  const view = await openByName(page);
  const path = join(folder, name);
  const status = view.locator(".file-state [role=status]");
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain("800 trajectories");
  await view.getByLabel("Text in transcripts and queries").fill("theodolite");
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain("1 of 800");
  const home = textIndexHome(path, window.cache);
  await expect.poll(() => existsSync(home), { timeout: 30_000 }).toBe(true);
  await view.getByRole("region", { name: "Annotations" }).getByRole("button", { name: "Tag", exact: true }).click();
  await view.getByRole("form", { name: "Tag" }).locator("input").fill("odd");
  await page.keyboard.press("Enter");
  await view.getByRole("list", { name: "Tags" }).getByText("odd").waitFor();
  expect(readFileSync(annotationsPath(path), "utf8")).toContain('"tag":"odd"');
  const target = join(folder, "rewards.tests.jsonl");
  writeFileSync(target, "");
  await view.getByRole("button", { name: "Add as test…" }).click();
  const input = page.locator('.quick-input-widget input[type="text"]');
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Choose a File" }).first().click();
  await expect.poll(() => input.inputValue(), { timeout: 30_000 }).toMatch(/\/$/);
  await input.fill(target);
  const row = page.locator(".quick-input-list .monaco-list-row", { hasText: "rewards.tests" }).first();
  await row.waitFor();
  await row.click();
  await expect.poll(() => readFileSync(target, "utf8"), { timeout: 30_000 }).toContain("record-799");
  await window.screenshot("annotations");
  expect(window.errors).toEqual([]);
});

test("in Restricted Mode nothing is written, and a person is told why", async () => {
  await using window = await openWindow({
    restricted: true,
    prepare: (folder) => writeFileSync(join(folder, name), groups.map((each) => `${JSON.stringify(each)}\n`).join("")),
  });
  const { page, folder } = window;
  const view = await openByName(page);
  await view.getByRole("button", { name: "Exclude from training" }).click({ timeout: 60_000 });
  await page.locator(".notification-toast", { hasText: "In Restricted Mode Searchlight writes no file" }).waitFor();
  expect(existsSync(annotationsPath(join(folder, name)))).toBe(false);
  expect(window.errors).toEqual([]);
});
