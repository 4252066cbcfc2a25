import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { foreignRecords } from "../fixtures/foreign-records.ts";
import { poisonedRecord } from "../fixtures/poisoned-record.ts";
import { openWindow } from "./window.ts";

/** Every file under a folder with its bytes. */
function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "base64")]),
  );
}

test("files of every other program's format with payloads in every text stay text in the editor: nothing runs, nothing is asked for or written", async () => {
  const files = foreignRecords.map(([format, record]) => ({
    name: `of-${format}.trajectories.jsonl`,
    records: poisonedRecord(record).records,
  }));
  await using window = await openWindow({
    prepare: (folder) => {
      for (const { name, records } of files)
        writeFileSync(join(folder, name), records.map((each) => `${JSON.stringify(each)}\n`).join(""));
    },
  });
  const { page, folder } = window;
  const before = contents(folder);
  const address = page.url();
  await page
    .locator(".statusbar-item", { hasText: /Indexing|\d+ files/ })
    .first()
    .waitFor({ timeout: 60_000 });
  for (const { name } of files) {
    await page.keyboard.press("Control+P");
    const input = page.locator('.quick-input-widget input[type="text"]');
    await input.fill(name);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".tab.active", { hasText: name }).waitFor();
    const view = page.frameLocator("iframe.webview").frameLocator("iframe#active-frame");
    const status = view.locator(".file-state [role=status]");
    await expect.poll(() => status.textContent(), { timeout: 60_000, message: name }).toMatch(/\d+ trajector/);
    const rows = await view.locator("#row-list [id^=row-]").count();
    expect(rows, name).toBeGreaterThan(1);
    for (let row = 0; row < rows; row++) {
      await view.getByRole("region", { name: "Record" }).waitFor();
      const closed = view.locator('button[aria-expanded="false"]');
      while ((await closed.count()) > 0) await closed.first().click();
      await view.locator("#row-list").focus();
      await page.keyboard.press("ArrowDown");
    }
    expect(
      await view.locator("body").evaluate(() => ({
        taken: (globalThis as unknown as { taken?: boolean }).taken,
        polluted: ({} as { polluted?: boolean }).polluted,
        elements: document.querySelectorAll("#viewer :is(img, iframe, object, base, a[href], svg, style, script)")
          .length,
      })),
      name,
    ).toEqual({ taken: undefined, polluted: undefined, elements: 0 });
    // The page goes with its editor, so that the next file's is the only one.
    await window.command("View: Close Editor");
    await expect.poll(() => page.locator("iframe.webview").count(), { timeout: 30_000 }).toBe(0);
  }
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
  expect(page.url()).toBe(address);
  expect(contents(folder)).toEqual(before);
});
