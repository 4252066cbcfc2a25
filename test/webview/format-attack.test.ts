import { afterAll, beforeAll, expect, test } from "vitest";
import { foreignRecords } from "../fixtures/foreign-records.ts";
import { poisonedRecord } from "../fixtures/poisoned-record.ts";
import { serveFile } from "./file-page.ts";
import { startViewer } from "./viewer-page.ts";

// Every text of every format that other programs write carries every payload, as far as the record can still be read.

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

test.each(foreignRecords)("payloads in every text of a record of %s stay text", async (_format, given) => {
  const { records, share } = poisonedRecord(given);
  expect(share).toBeGreaterThan(1 / 3);
  const view = await viewer.open({ name: "trajectories", width: 1200 });
  const { page } = view;
  const served = await serveFile(view, `${records.map((each) => JSON.stringify(each)).join("\n")}\n`);
  try {
    await page.locator("#row-0 .row-question").waitFor();
    const rows = await page.locator("#row-list [role=option], #row-list [id^=row-]").count();
    await page.locator("#row-list").focus();
    for (let row = 0; row < rows; row++) {
      await page.getByRole("region", { name: "Record" }).waitFor();
      await view.unfoldAll();
      await page.keyboard.press("ArrowDown");
      await page.locator("#row-list").focus();
    }
    expect(view.foreignRequests).toEqual([]);
    expect(view.faults).toEqual([]);
    expect(
      await page.evaluate(() => ({
        taken: (window as unknown as { taken?: boolean }).taken,
        polluted: ({} as { polluted?: boolean }).polluted,
        scripts: document.scripts.length,
        elements: document.querySelectorAll(
          "img, iframe, object, embed, base, a[href], form[action], video, style, svg",
        ).length,
        address: location.href,
      })),
    ).toEqual({ taken: undefined, polluted: undefined, scripts: 1, elements: 0, address: "https://viewer.test/" });
    const methods = new Set((await view.sent()).map(({ method }) => method));
    expect([...methods].filter((method) => !["ready", "rows", "record", "tokenTexts"].includes(method))).toEqual([]);
  } finally {
    served.close();
    await page.close();
  }
});
