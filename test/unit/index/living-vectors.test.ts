import { expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { searchTables } from "../../../server/index/search-tables.ts";
import { openMemoryTables } from "../../../server/index/memory-tables.ts";
import type { Tables } from "../../../server/index/tables.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";

const living: Passage = { id: "living", title: "Domes", text: "The dome opens at dusk." };

/** Tables where the text of the one passage is the last of so many that are nearer to the query; how many were asked for at each time. */
async function behind(dead: number) {
  const asked: number[] = [];
  const base = openMemoryTables();
  await base.addPassages([living]);
  const tables: Tables = {
    ...base,
    searchVectors: (_vector, limit) => {
      asked.push(limit);
      const ids = [...Array.from({ length: dead }, (_, at) => `dead${at}`), "living-hash"];
      return Promise.resolve(ids.slice(0, limit).map((id, at) => ({ id, score: 1 - at / 10_000 })));
    },
  };
  const sources = {
    tables,
    embedder: countingEmbedder(),
    passagesOfHash: (hash: string) => (hash === "living-hash" ? ["living"] : []),
  };
  return { asked, search: () => searchTables(sources, "roof", 5, "vectors", new AbortController().signal) };
}

test("a section that was saved hundreds of times is still found by its meaning", async () => {
  const { asked, search } = await behind(400);
  const hits = await search();
  expect(hits.map(({ passage }) => passage.id)).toEqual(["living"]);
  expect(asked).toEqual([60, 600]);
});

test("an index with few vectors is asked once, and one that holds nothing but vectors of texts that are gone not without end", async () => {
  const few = await behind(10);
  expect(await few.search()).toHaveLength(1);
  expect(few.asked).toEqual([60]);
  const none = await behind(10_000);
  expect(await none.search()).toEqual([]);
  expect(none.asked).toEqual([60, 600, 6_000]);
});
