import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as lance from "@lancedb/lancedb";
import { expect, test, vi } from "vitest";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";
import { openDatabase } from "../../../server/index/database.ts";
import { openStoredState } from "../../../server/index/stored-state.ts";
import { tableBytes, upkeepOf } from "../../../server/index/upkeep.ts";
import { openVectorTable } from "../../../server/index/vector-table.ts";

const dimension = 8;

test("an index of vectors that was extended many times stays in few parts, and finds what came last", async () => {
  const home = mkdtempSync(join(tmpdir(), "searchlight-upkeep-"));
  const random = seededRandom(1);
  const vector = (): Float32Array => Float32Array.from({ length: dimension }, () => random() - 0.5);
  try {
    const database = await openDatabase(lance, { kind: "folder", path: home });
    const table = await openVectorTable(lance, database, "vectors-test-8", dimension);
    const add = async (name: string, count: number, first = vector()): Promise<void> => {
      const made = [first, ...Array.from({ length: count - 1 }, vector)];
      await table.add(
        made.map((_, at) => `${name}${at}`),
        made,
      );
    };
    await add("a", 20_000);
    const [stored, index] = table.upkept;
    const upkeep = upkeepOf(database.place, stored, { index });
    let most = 0;
    for (let round = 0; round < 10; round++) {
      await table.ensureIndex();
      await add(`b${round}x`, 30);
      await upkeep.keep(true);
      most = Math.max(most, (await stored.indexStats(index))?.numIndices ?? 0);
    }
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(7);
    const last = Float32Array.from({ length: dimension }, () => 3);
    await add("last", 1, last);
    expect((await table.search(last, 1))[0]).toMatchObject({ id: "last0" });
    database.close();
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
});

test("rows that are replaced again and again take no more than three times the live ones on disk", async () => {
  const home = mkdtempSync(join(tmpdir(), "searchlight-upkeep-"));
  try {
    const database = await openDatabase(lance, { kind: "folder", path: home });
    const table = await openVectorTable(lance, database, "vectors-test-384", 384);
    const [stored, index] = table.upkept;
    const upkeep = upkeepOf(database.place, stored, { index });
    const named = (round: number): string[] => Array.from({ length: 2_000 }, (_, at) => `r${round}x${at}`);
    const vectors = Array.from({ length: 2_000 }, (_, at) => new Float32Array(384).fill(at / 2_000));
    let most = 0;
    for (let round = 0; round < 16; round++) {
      // Of the rounds before, one stays.
      await table.remove(round < 2 ? [] : named(round - 2));
      await table.add(named(round), vectors);
      await upkeep.keep();
      most = Math.max(most, (await tableBytes(database.place, stored)).onDisk ?? 0);
    }
    const { live, onDisk = 0 } = await tableBytes(database.place, stored);
    expect(await stored.countRows()).toBe(4_000);
    // Without upkeep all rounds would be there.
    expect(most).toBeLessThan(16 * 2_000 * 384 * 4);
    expect(onDisk / live).toBeLessThanOrEqual(3.2);
    database.close();
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
});

test("a table of a few values that is written without end keeps few versions", async () => {
  const home = mkdtempSync(join(tmpdir(), "searchlight-upkeep-"));
  try {
    // The clock stands still: a slow machine must not make versions old.
    const from = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: from });
    const database = await openDatabase(lance, { kind: "folder", path: home });
    const state = await openStoredState(database);
    for (let at = 0; at < 220; at++) await state.put("beat", String(at));
    const table = (await database.existing("state"))!;
    expect((await table.listVersions()).length).toBeGreaterThan(200);
    // Another process may be in the middle of reading one of them.
    await state.fold();
    expect((await table.listVersions()).length).toBeGreaterThan(200);
    vi.setSystemTime(from + 20 * 60_000);
    for (let at = 0; at < 220; at++) await state.put("beat", String(at));
    await state.fold();
    expect((await table.listVersions()).length).toBeLessThan(20);
    expect(await state.get("beat")).toBe("219");
    database.close();
  } finally {
    vi.useRealTimers();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}, 240_000);
