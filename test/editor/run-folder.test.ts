import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { type EditorWindow, openWindow } from "./window.ts";

// One window: folders of runs are opened from the Explorer, compared, and a question of them is taken into an evaluation.

const [before, after] = [0, 1].map((step) =>
  rolloutGroups({ steps: 2, prompts: 2, samples: 3 }).filter(({ training }) => training!.step === step),
);
const patience = { timeout: 60_000 };

let window: EditorWindow;
beforeAll(async () => {
  window = await openWindow({
    prepare(folder) {
      for (const [name, trajectories] of Object.entries({ before, after })) {
        mkdirSync(join(folder, "results", name), { recursive: true });
        writeFileSync(join(folder, "results", name, "run.json"), "{}");
        const lines = trajectories!.map((each) => `${JSON.stringify(each)}\n`);
        writeFileSync(join(folder, "results", name, "trajectories.jsonl"), lines.join(""));
      }
      mkdirSync(join(folder, "plain"));
      writeFileSync(join(folder, "plain", "run.json"), "{}");
    },
  });
});
afterAll(() => window[Symbol.asyncDispose]());

/** The page of the editor that is in sight. */
const fileView = (page: Page): FrameLocator =>
  page.frameLocator(".editor-instance iframe.webview, iframe.webview").frameLocator("iframe#active-frame");
const status = (): Locator => fileView(window.page).locator(".file-state [role=status]");
const picks = (text: string): Locator =>
  window.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();

/** Opens the menu of a folder in the Explorer; gives the entry that opens a run. */
async function menuOf(name: string): Promise<Locator> {
  const { page } = window;
  const menu = page.locator(".monaco-menu");
  await page.keyboard.press("Escape");
  await page
    .locator(".explorer-viewlet .monaco-list-row", { hasText: name })
    .first()
    .click({ button: "right", ...patience });
  await menu.getByRole("menuitem", { name: "Find in Folder" }).waitFor(patience);
  return menu.getByRole("menuitem", { name: "Open Run Folder…" });
}

/** Writes a path into the editor's own dialog and accepts it; a dialog that is still listing a folder does not take it at once. */
async function pickPath(path: string): Promise<void> {
  const input = window.page.locator('.quick-input-widget input[type="text"]');
  const accept = window.page.locator(".quick-input-widget .monaco-button", { hasText: /^OK$/ });
  await expect.poll(() => input.inputValue(), patience).toMatch(/\/$/);
  await expect
    .poll(async () => {
      // Once the dialog is gone, a list may have come in its place, whose own box is empty.
      const shown = await input.inputValue({ timeout: 1000 }).catch(() => "");
      if (shown !== "" && shown !== path) await input.fill(path, { timeout: 1000 }).catch(() => undefined);
      await accept.click({ timeout: 1000 }).catch(() => undefined);
      return accept.isVisible();
    }, patience)
    .toBe(false);
}

test("a folder that is a run opens from its menu in the Explorer, and another folder has no such entry", async () => {
  const { page } = window;
  await page.keyboard.press("Control+Shift+E");
  await page.locator(".explorer-viewlet .monaco-list-row", { hasText: "results" }).first().click(patience);
  const opened = page.locator(".tabs-container .tab", { hasText: "trajectories.jsonl" });
  // The folders of runs are looked for once the window is up.
  await expect
    .poll(async () => {
      const entry = await menuOf("after");
      if ((await entry.count()) === 0) return false;
      // A menu that has only just opened takes no click, but what the pointer rests on is chosen by a key.
      await entry.hover();
      await page.keyboard.press("Enter");
      return opened.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
    }, patience)
    .toBe(true);
  await expect.poll(() => status().textContent(), patience).toContain(`${after!.length} trajectories`);
  await window.screenshot("run-folder");
  expect(await (await menuOf("plain")).count()).toBe(0);
  await page.keyboard.press("Escape");
});

test("two folders are compared, and the flips are those of the answers", async () => {
  const { page } = window;
  const isRight = (at: number, of: typeof after): boolean => of![at]!.answer!.text.includes(of![at]!.golds![0]!);
  const won = after!.filter((_, at) => isRight(at, after) && !isRight(at, before)).length;
  const lost = after!.filter((_, at) => !isRight(at, after) && isRight(at, before)).length;
  await window.command("View: Close All Editors");
  await window.command("Searchlight: Compare Trajectories…");
  for (const name of ["before", "after"]) {
    await picks("Folder of an Evaluation or Run").click(patience);
    await pickPath(`${join(window.folder, "results", name)}/`);
  }
  const comparison = fileView(page).locator(".comparison");
  await expect
    .poll(() => comparison.textContent(), patience)
    .toContain(`${after!.length} pairs, ${won} won, ${lost} lost`);
  await fileView(page).getByRole("tab", { name: "Comparison" }).click();
  await fileView(page).locator(".columns .text").first().waitFor(patience);
  await window.screenshot("comparison");
});

test("a question goes into an evaluation set with the answers that a person accepts", async () => {
  const { page, folder } = window;
  const target = join(folder, "my.questions.jsonl");
  writeFileSync(target, "");
  await fileView(page).getByRole("tab", { name: "Trajectory" }).click();
  await fileView(page).getByRole("button", { name: "Add to evaluation set…" }).click(patience);
  const input = page.locator('.quick-input-widget input[type="text"]');
  await expect.poll(() => input.inputValue(), patience).toBe(after![0]!.golds!.join(" | "));
  await input.fill("Ines Okafor | Okafor");
  await page.keyboard.press("Enter");
  await picks("Choose a File").click(patience);
  await pickPath(target);
  await expect.poll(() => readFileSync(target, "utf8"), patience).toContain('"Okafor"');
  expect(JSON.parse(readFileSync(target, "utf8"))).toMatchObject({ question: after![0]!.question });
  await page.locator(".notification-toast", { hasText: "Added to my.questions.jsonl: 1 question" }).waitFor(patience);
});

test("the run.json of a run opens as its trajectories where a person asks for that, and as text by itself", async () => {
  const { page } = window;
  await window.command("View: Close All Editors");
  await window.command("Go to File...");
  await page.locator('.quick-input-widget input[type="text"]').fill("results/before/run.json");
  await picks("run.json").waitFor(patience);
  await page.keyboard.press("Enter");
  await page.locator(".editor-instance .view-lines").first().waitFor(patience);
  await window.command("View: Reopen Editor With...");
  await picks("Trajectories of the Run").click(patience);
  await expect.poll(() => status().textContent(), patience).toContain(`${before!.length} trajectories`);
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
