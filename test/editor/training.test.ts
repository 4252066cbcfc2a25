import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EditorWindow, openWindow } from "./window.ts";

// A training run from the recipe's lens to a policy that answers, with the real engine and a tiny model.

let window: EditorWindow;
beforeAll(async () => {
  window = await openWindow({ engine: true });
});
afterAll(() => window[Symbol.asyncDispose]());

const patience = { timeout: 240_000 };
const pane = (): Locator =>
  window.page.locator(".pane", { has: window.page.locator('.pane-header[aria-label^="Runs"]') });

/** The page of all the webviews that are open that holds something. */
async function pageWith(what: (frame: Frame) => Locator): Promise<Frame> {
  let found: Frame | undefined;
  await expect
    .poll(async () => {
      for (const frame of window.page.frames())
        if (
          await what(frame)
            .count()
            .catch(() => 0)
        )
          found = frame;
      return found !== undefined;
    }, patience)
    .toBe(true);
  return found!;
}

const runPage = (): Promise<Frame> => pageWith((frame) => frame.getByRole("tab", { name: "Checkpoints" }));

const runFolder = (): string => {
  const runs = join(window.dataHome, "runs");
  return join(
    runs,
    readdirSync(runs).find((name) => /^[0-9A-Z]{26}$/.test(name))!,
  );
};

test("a recipe has lenses", async () => {
  const { page } = window;
  await page.keyboard.press("Control+p");
  await page.locator('.quick-input-widget input[type="text"]').fill("searcher.recipe.jsonc");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "searcher.recipe.jsonc" }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".codelens-decoration a", { hasText: "Dry Run" }).first().waitFor(patience);
  for (const lens of ["Estimate", "Launch"])
    expect(await page.locator(".codelens-decoration a", { hasText: lens }).count()).toBeGreaterThan(0);
  await window.screenshot("recipe-lenses");
});

test("the lens starts a dry run, whose page shows charts, masked rollouts and checkpoints, also after the window was reloaded", async () => {
  const { page } = window;
  await page.locator(".codelens-decoration a", { hasText: "Dry Run" }).first().click();
  await (
    await runPage()
  )
    .getByRole("heading", { name: /observatory-searcher/ })
    .first()
    .waitFor(patience);
  await page.reload();
  // What the reload cut off in loading is no fault of a view.
  window.errors.length = 0;
  await page.locator('.part.activitybar a.action-label[aria-label="Searchlight"]').click(patience);
  const row = pane().locator(".monaco-list-row", { hasText: "observatory-searcher" }).first();
  await row.waitFor(patience);
  await expect.poll(() => row.getAttribute("aria-label"), patience).toMatch(/done/i);
  await row.click();
  const run = await runPage();
  await run
    .getByRole("slider", { name: /^Reward/ })
    .first()
    .waitFor(patience);
  await window.screenshot("run-charts");
  await run.getByRole("tab", { name: "Rollouts" }).click();
  await run
    .getByRole("button", { name: /^Rollout 1:/ })
    .first()
    .click();
  await run
    .getByText(/masked/)
    .first()
    .waitFor(patience);
  await window.screenshot("run-rollouts");
  expect(JSON.parse(readFileSync(join(runFolder(), "run.json"), "utf8"))).toMatchObject({ dryRun: true });
});

test("its rollouts open as a list", async () => {
  await window.command("Searchlight: Open Rollouts of Run");
  const list = await pageWith((frame) => frame.locator(".file-state [role=status]"));
  const kept = readFileSync(join(runFolder(), "trajectories.jsonl"), "utf8").trim().split("\n").length;
  await expect
    .poll(() => list.locator(".file-state [role=status]").textContent(), patience)
    .toContain(`${kept} trajectories`);
  await window.screenshot("run-rollouts-list");
  await pane().locator(".monaco-list-row", { hasText: "observatory-searcher" }).first().click();
});

test("a checkpoint becomes the policy that answers, through the engine", async () => {
  const run = await runPage();
  await run.getByRole("tab", { name: "Checkpoints" }).click();
  await run
    .getByRole("button", { name: /^Use This Checkpoint/ })
    .first()
    .click();
  await expect
    .poll(() => existsSync(join(window.dataHome, "policies", "observatory-searcher", "policy.json")), patience)
    .toBe(true);
  await window.page
    .locator(".notification-toast", { hasText: "Searchlight answers with trained:observatory-searcher" })
    .waitFor(patience);
  await window.ask("Who looks after the Kestrel spectrograph?");
  const answered = await pageWith((frame) => frame.getByText("Observatory searcher, trained on this machine"));
  await answered
    .getByText(/[1-9]\d* policy tokens/)
    .first()
    .waitFor(patience);
  await answered.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", ...patience });
  await window.screenshot("trained-policy-answers");
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
