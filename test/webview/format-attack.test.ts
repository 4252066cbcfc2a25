import { afterAll, beforeAll, expect, test } from "vitest";
import { importRecord } from "../../server/trajectories/import/import-row.ts";
import { foreignRecords } from "../fixtures/foreign-records.ts";
import { payloads } from "../fixtures/payloads.ts";
import { serveFile } from "./file-page.ts";
import { startViewer } from "./viewer-page.ts";

// Every text of every format that other programs write carries every payload, as far as the record can still be read.

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

const payload = Object.values(payloads).join(" ");
const context = { fallbackId: "line-1", createdAt: "2026-01-01T00:00:00.000Z" };

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Place = readonly (string | number)[];

function texts(value: Json, at: Place = []): Place[] {
  if (typeof value === "string") return [at];
  if (typeof value !== "object" || value === null) return [];
  const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inside.flatMap(([name, each]) => texts(each, [...at, name]));
}

/** The value with a payload behind the text at a place. */
function poisoned(value: Json, [first, ...rest]: Place): Json {
  if (first === undefined) return `${String(value)} ${payload}`;
  if (Array.isArray(value)) return value.map((each, key) => (key === first ? poisoned(each, rest) : each));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === first ? poisoned(each, rest) : each]),
  );
}

function reads(record: Json): boolean {
  const results = importRecord(record, context);
  return results.length > 0 && results.every(({ ok }) => ok);
}

test.each(foreignRecords)("payloads in every text of a record of %s stay text", async (_format, given) => {
  const plain = given as Json;
  const places = texts(plain);
  let all = plain;
  let carried = 0;
  for (const place of places) {
    const next = poisoned(all, place);
    // What a text decides, such as who speaks, cannot be another.
    if (!reads(next)) continue;
    all = next;
    carried += 1;
  }
  expect(carried).toBeGreaterThan(places.length / 3);
  // Names of fields that are not known are kept as well.
  const named = { ...(all as object), [payload]: payload, constructor: payload };
  const view = await viewer.open({ name: "trajectories", width: 1200 });
  const { page } = view;
  const served = await serveFile(view, `${[all, named].map((each) => JSON.stringify(each)).join("\n")}\n`);
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
