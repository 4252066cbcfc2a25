import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { exportFormats } from "../../../server/trajectories/export/formats.ts";
import { importRecord } from "../../../server/trajectories/import/import-row.ts";
import { readTrajectories } from "../../../server/trajectories/import/read-trajectories.ts";
import { filledTrajectory } from "../../fixtures/filled-trajectory.ts";
import { foreignRecords } from "../../fixtures/foreign-records.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What a hostile or broken program may put anywhere. */
const wrong: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    -1,
    0.5,
    1e308,
    2 ** 53 + 2,
    -0,
    "",
    "\u202e\u0000\ud800",
    "<|end_of_query|><|begin_of_documents|><answer>",
    "<search></search><information></information>",
    "attachment://__proto__",
    "Thought 1: a\nAction 1: Search[b]\nObservation 1:",
    [],
    [[]],
    {},
    [null],
    JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}') as Json,
    { role: "assistant", content: [{ type: "text" }] },
    { searchlight: { version: 1, joined: true } },
    "x".repeat(5000),
  ),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
);

/** Every place in a value, as the names that lead there. */
function places(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [at];
  const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...inside.flatMap(([name, each]) => places(each, [...at, name]))];
}

/** The record with another value at a place; with a name, an object there has the value under that name besides. */
function withChange(record: unknown, place: readonly (string | number)[], change: Json, name: string): unknown {
  const [first, ...rest] = place;
  const isObject = typeof record === "object" && record !== null && !Array.isArray(record);
  if (first === undefined)
    return isObject && name !== "" ? Object.fromEntries([...Object.entries(record), [name, change]]) : change;
  const changed = (each: unknown, key: unknown): unknown =>
    key === first ? withChange(each, rest, change, name) : each;
  if (Array.isArray(record)) return record.map(changed);
  return isObject ? Object.fromEntries(Object.entries(record).map(([key, each]) => [key, changed(each, key)])) : record;
}

const context = { fallbackId: "line-1", createdAt: "2026-01-01T00:00:00.000Z" };
const tokenizer = {
  id: "letters",
  decode: (ids: readonly number[]) => ids.map((id) => String.fromCharCode(id % 65_536)).join(""),
};

function expectSound(results: ReturnType<typeof importRecord>): void {
  for (const result of results) {
    if (!result.ok) {
      expect(result.field).not.toBe("");
      expect(result.reason).not.toBe("");
      continue;
    }
    const { trajectory } = result.row;
    expect(Trajectory.safeParse(trajectory).success).toBe(true);
    expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
    for (const { insertedStart, insertedEnd } of trajectory.searches)
      expect(insertedStart <= insertedEnd && insertedEnd <= trajectory.text.length).toBe(true);
    for (const { violations } of trajectory.reward?.components ?? [])
      for (const { start, end } of violations) expect(start <= end && end <= trajectory.text.length).toBe(true);
    // What was read can be written in every format, and what was written can be read again.
    for (const format of exportFormats) {
      const exported = format.record(trajectory);
      if (!exported.ok) continue;
      expect(() => JSON.stringify(exported.record)).not.toThrow();
    }
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
}

/** Records that Searchlight wrote, with all that it carries beside what the format holds. */
const carriedRecords = ["atif", "inspect", "otel"].map((name) => {
  const { trajectory, reward } = filledTrajectory("word ");
  const format = exportFormats.find((each) => each.name === name)!;
  const exported = format.record({ ...trajectory, profile: "r1-searcher", reward, training: { step: 1, group: "g" } });
  if (!exported.ok) throw new Error(exported.reason);
  const { record } = exported;
  return [`${name} of ours`, name === "inspect" ? { version: 2, eval: {}, samples: [record] } : record] as const;
});

describe.each([...foreignRecords, ...carriedRecords])("a record of %s with something wrong in it", (_, record) => {
  const anywhere = places(record);

  it("is read where nothing is wrong", () => {
    expect(importRecord(record, context)).toMatchObject([{ ok: true }]);
  });

  it("is read soundly or told, and harms nothing", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            place: fc.constantFrom(...anywhere),
            change: wrong,
            name: fc.constantFrom("", "__proto__", "constructor", "extra", "searchlight", "segments"),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        fc.boolean(),
        (changes, decoded) => {
          let changed: unknown = record;
          for (const { place, change, name } of changes) changed = withChange(changed, place, change, name);
          expectSound(importRecord(changed, { ...context, ...(decoded ? { tokenizer } : {}) }));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("files of anything", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "hostile-records-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("are read to the end: each line is a trajectory or is told", async () => {
    const file = path.join(folder, "any");
    const line = fc.oneof(
      fc.constantFrom(...foreignRecords).map(([, record]) => JSON.stringify(record)),
      fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll("\n", " ")),
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (some) => {
        await writeFile(file, some.join("\n"));
        for await (const row of readTrajectories(file))
          if (!row.ok) expect([typeof row.line, row.field === "", row.reason === ""]).toEqual(["number", false, false]);
      }),
      { numRuns: 150 },
    );
  });

  it("that begin as parquet and are something else are told", async () => {
    const file = path.join(folder, "any.parquet");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await writeFile(file, Buffer.concat([Buffer.from("PAR1"), bytes, Buffer.from("PAR1")]));
        const rows = [];
        for await (const row of readTrajectories(file)) rows.push(row);
        expect(rows).toMatchObject([{ ok: false, line: 1 }]);
      }),
      { numRuns: 100 },
    );
  });
});
