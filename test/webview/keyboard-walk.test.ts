import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { serveFile } from "./file-page.ts";
import { startViewer } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

const linesOf = (steps: number): string =>
  rolloutGroups({ steps, prompts: 2, samples: 3 })
    .map((each) => `${JSON.stringify(each)}\n`)
    .join("");

/** What a person acts on; of a row of tabs the chosen one, since arrows lead to the others. */
const controls =
  'button:not([role=tab][tabindex="-1"]), select, input, textarea, summary, [tabindex="0"]:not([role=tabpanel])';

/** Goes through the page by the tab key once round; names the controls that were not reached, and those that showed no focus. */
async function walk(page: Page): Promise<{ missed: string[]; unseen: string[] }> {
  await page.evaluate((selector) => {
    (document.activeElement as HTMLElement | null)?.blur();
    for (const element of document.querySelectorAll<HTMLElement>(selector))
      if (element.checkVisibility() && !element.matches(":disabled")) element.dataset["walk"] = "to reach";
  }, controls);
  const wanted = await page.locator("[data-walk]").count();
  const unseen = new Set<string>();
  for (let presses = 0; presses < wanted + 20; presses++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (!element?.dataset["walk"]) return undefined;
      element.dataset["walk"] = "reached";
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      const shown = outlineStyle !== "none" || boxShadow !== "none";
      return shown ? undefined : element.outerHTML.slice(0, 120);
    });
    if (name) unseen.add(name);
  }
  const missed = await page
    .locator('[data-walk="to reach"]')
    .evaluateAll((elements) => elements.map(({ outerHTML }) => outerHTML.slice(0, 120)));
  await page.evaluate(() => {
    for (const element of document.querySelectorAll<HTMLElement>("[data-walk]")) delete element.dataset["walk"];
  });
  return { missed, unseen: [...unseen] };
}

test("every control of every tab of a file's page is reached by the tab key, and shows its focus", async () => {
  const view = await viewer.open({ name: "trajectories", width: 1400 });
  const { page } = view;
  const served = await serveFile(view, linesOf(2), linesOf(1));
  try {
    await page.getByRole("region", { name: "Record" }).waitFor();
    await page.getByRole("button", { name: "Compare with…" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Stop comparing").waitFor();
    const ready = {
      Trajectory: ".record",
      Group: ".columns .text",
      "Across steps": ".changes",
      Comparison: ".columns .text",
    };
    for (const [at, [tab, shown]] of Object.entries(ready).entries()) {
      // The tabs are gone through by the arrows.
      await page.getByRole("tab", { selected: true }).focus();
      if (at > 0) await page.keyboard.press("ArrowRight");
      await page.getByRole("tab", { name: tab, selected: true }).waitFor();
      await page.locator(shown).first().waitFor();
      expect(await walk(page), tab).toEqual({ missed: [], unseen: [] });
    }
  } finally {
    served.close();
  }
});
