import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as lance from "@lancedb/lancedb";
import { expect, test } from "vitest";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";
import { openDatabase } from "../../../server/index/database.ts";
import { keepUp } from "../../../server/index/upkeep.ts";
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
    let most = 0;
    for (let round = 0; round < 10; round++) {
      await table.ensureIndex();
      await add(`b${round}x`, 30);
      await keepUp(database.place, stored, index, true);
      most = Math.max(most, (await stored.indexStats(index))?.numIndices ?? 0);
    }
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(7);
    const last = Float32Array.from({ length: dimension }, () => 3);
    await add("last", 1, last);
    expect((await table.search(last, 1))[0]).toMatchObject({ id: "last0" });
    database.close();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
