import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { openWindow } from "./window.ts";

const name = "run.trajectories.jsonl";

/** How pages are broken from then on, in this window: their script throws at once, or while it writes numbers; or not at all. */
type Breakage = "start" | "numbers" | undefined;

/** Makes the pages of the window do as `breakage` last said. The frame of a page has the storage of the window here. */
async function breakable(page: Page): Promise<(breakage: Breakage) => Promise<void>> {
  await page.context().addInitScript(() => {
    // A page is a frame in a frame of the window.
    if (window.parent === window.top) return;
    const breakage = localStorage.getItem("breakage");
    const fail = (): never => {
      throw new Error("broken on purpose");
    };
    const find = Document.prototype.getElementById;
    if (breakage === "start")
      Document.prototype.getElementById = function (id) {
        return id === "viewer" ? fail() : find.call(this, id);
      };
    if (breakage === "numbers") Number.prototype.toFixed = fail;
  });
  return (breakage) => page.evaluate((value) => localStorage.setItem("breakage", value), breakage ?? "");
}

test("a page whose script throws says so in a sentence with a way out, in the window and in the page, and comes up when it is loaded again", async () => {
  const records = rolloutGroups({ steps: 1, prompts: 1, samples: 4 });
  await using window = await openWindow({
    prepare: (folder) => writeFileSync(join(folder, name), records.map((each) => `${JSON.stringify(each)}\n`).join("")),
  });
  const { page } = window;
  const become = await breakable(page);
  const view = page.frameLocator("iframe.webview").frameLocator("iframe#active-frame");
  const warning = (text: string) => page.locator(".notification-toast", { hasText: text });

  await become("start");
  await page
    .locator(".statusbar-item", { hasText: /Indexing|\d+ files/ })
    .first()
    .waitFor({ timeout: 60_000 });
  await page.keyboard.press("Control+P");
  await page.locator('.quick-input-widget input[type="text"]').fill(name);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
  await view.getByText("Searchlight is starting.").waitFor({ timeout: 60_000 });
  const notStarted = warning(`The view of ${name} did not start.`);
  await notStarted.waitFor({ timeout: 60_000 });
  await view.getByText(/This page has not started/).waitFor({ timeout: 30_000 });
  await window.screenshot("page-not-started");

  await become("numbers");
  await notStarted.getByText("Reload", { exact: true }).click();
  const told = view.getByRole("alert");
  await told.getByText("This page could not be drawn").waitFor({ timeout: 30_000 });
  expect(await told.textContent()).toContain("broken on purpose");
  await window.screenshot("page-not-drawn");

  await become(undefined);
  await told.getByRole("button", { name: "Reload" }).click();
  await view.getByRole("region", { name: "Record" }).waitFor({ timeout: 30_000 });
  expect(await view.locator(".file-state [role=status]").textContent()).toContain("4 trajectories");

  await become("numbers");
  await window.command("View: Close Editor");
  await window.command("Searchlight: Focus on the Trajectory View");
  await view.getByText("Ask the documents").waitFor({ timeout: 30_000 });
  await window.ask("Which telescope saw first light in 1974?");
  await told.getByText("This page could not be drawn").waitFor({ timeout: 60_000 });
  await told.getByRole("button", { name: "Open as Text" }).click();
  await expect
    .poll(() => page.locator(".editor-instance .view-lines").first().textContent(), { timeout: 60_000 })
    .toContain("telescope");
  await window.screenshot("page-as-text");
});
