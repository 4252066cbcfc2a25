import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { filledTrajectory } from "../fixtures/filled-trajectory.ts";
import { payloads } from "../fixtures/payloads.ts";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { openWindow } from "./window.ts";

const groups = rolloutGroups({ steps: 2, prompts: 2, samples: 4 });
const name = "run.trajectories.jsonl";
const content = (count: number): string =>
  groups
    .slice(0, count)
    .map((each) => `${JSON.stringify(each)}\n`)
    .join("");

/** The page of the file in the editor area. */
const fileView = (page: Page): FrameLocator =>
  page.frameLocator(".editor-instance iframe.webview, iframe.webview").frameLocator("iframe#active-frame");

/** Opens the file as a person does, once the extension is up: before that the editor knows no editor of ours. */
async function openByName(page: Page): Promise<void> {
  await page
    .locator(".statusbar-item", { hasText: /Indexing|\d+ files/ })
    .first()
    .waitFor({ timeout: 60_000 });
  await page.keyboard.press("Control+P");
  await page.locator('.quick-input-widget input[type="text"]').fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
}

test("in Restricted Mode a file of trajectories opens in its own editor, and rows come as it grows", async () => {
  await using window = await openWindow({
    restricted: true,
    prepare: (folder) => writeFileSync(join(folder, name), content(10)),
  });
  const { page } = window;
  await openByName(page);
  const view = fileView(page);
  const status = view.locator(".file-state [role=status]");
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain("10 trajectories");
  await view.locator("#row-list").focus();
  await page.keyboard.press("ArrowDown");
  await view.getByRole("region", { name: "Record" }).waitFor();
  expect(await view.locator(".record").textContent()).toContain(groups[1]!.id);
  writeFileSync(join(window.folder, name), content(16));
  await expect.poll(() => status.textContent(), { timeout: 30_000 }).toContain("16 trajectories");
  expect(await view.locator(".record").textContent()).toContain(groups[1]!.id);
  await view.getByRole("tab", { name: "Group" }).click();
  await expect.poll(() => view.locator(".column-row.answers .text").count(), { timeout: 30_000 }).toBe(4);
  await window.screenshot("trajectory-file");
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});

test("without a folder a file is picked by the command and shown", async () => {
  let path = "";
  await using window = await openWindow({
    folder: false,
    prepare: (folder) => writeFileSync((path = join(folder, name)), content(6)),
  });
  const { page } = window;
  await window.command("Searchlight: Open Trajectories File…");
  const input = page.locator('.quick-input-widget input[type="text"]');
  // The dialog writes the folder it begins in before it takes a path.
  await expect.poll(() => input.inputValue(), { timeout: 30_000 }).toMatch(/\/$/);
  await input.fill(path);
  const row = page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first();
  await row.waitFor();
  await row.click();
  const status = fileView(page).locator(".file-state [role=status]");
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain("6 trajectories");
  await window.screenshot("trajectory-file-without-folder");
  expect(window.errors).toEqual([]);
});

test("records with payloads in every field stay text in the editor: nothing runs, nothing is asked for", async () => {
  const hostile = Object.values(payloads).map((payload, step) => {
    const { trajectory, reward } = filledTrajectory(payload);
    return { ...trajectory, profile: "r1-searcher", reward, training: { step, stage: payload, group: payload } };
  });
  await using window = await openWindow({
    prepare: (folder) => writeFileSync(join(folder, name), hostile.map((each) => `${JSON.stringify(each)}\n`).join("")),
  });
  const { page } = window;
  await openByName(page);
  const view = fileView(page);
  const status = view.locator(".file-state [role=status]");
  await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain(`${hostile.length} trajectories`);
  await view.locator("#row-list").focus();
  for (let row = 1; row < hostile.length; row++) {
    await page.keyboard.press("ArrowDown");
    await view.getByRole("region", { name: "Record" }).waitFor();
  }
  await view.getByRole("tab", { name: "Group" }).click();
  await view.locator(".columns .text").first().waitFor();
  expect(await view.locator("#viewer :is(img, iframe, object, base, a[href], svg, style, script)").count()).toBe(0);
  expect(
    await view.locator("body").evaluate(() => (globalThis as unknown as { taken?: boolean }).taken),
  ).toBeUndefined();
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
