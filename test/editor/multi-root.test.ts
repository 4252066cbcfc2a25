import { expect, test } from "vitest";
import { inspect } from "./inspector-page.ts";
import { openWindow, selectedLines } from "./window.ts";

test("a workspace of two folders lists both, is searched as one, and opens places in the right one", async () => {
  await using window = await openWindow({ roots: ["domes", "people"] });
  const { page } = window;
  await window.command("Searchlight: Focus on Index View");
  const pane = page.locator(".pane", { has: page.locator('.pane-header[aria-label^="Index"]') });
  for (const name of ["domes", "people"])
    await pane
      .locator(".monaco-list-row", { hasText: name })
      .filter({ hasText: "ready" })
      .waitFor({ timeout: 120_000 });
  const search = async (query: string, source: string): Promise<void> => {
    const first = (await inspect(window, query)).locator("tbody tr").first();
    await first.locator(".source", { hasText: source }).waitFor({ timeout: 30_000 });
    const label = (await first.locator(".place").getAttribute("aria-label"))!;
    await first.locator(".place").click();
    const path = label.replace(/^Open (.+?):.*$/, "$1");
    await page.locator(".tabs-container .tab.active", { hasText: path.split("/").at(-1)! }).waitFor();
    expect((await selectedLines(page)).characters).toBeGreaterThan(0);
  };
  await search("diameter of the North Dome and its wheels", "domes");
  await search("Dr. Ilse Marrant keeper of Kestrel", "people");
  await window.screenshot("multi-root");
  expect(window.errors).toEqual([]);
});
