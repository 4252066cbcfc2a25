import { expect, test } from "vitest";
import type { Hit } from "../../../protocol/passage.ts";
import type { FolderIndex } from "../../../server/index/folder-index.ts";
import { localRetriever } from "../../../server/retrieval/local.ts";

const hit = (id: string, words: number | undefined, cosine: number, repetition?: number): Hit => ({
  passage: { id, title: id, text: id },
  rank: 1,
  // Each list's own best is about 1, whatever it is worth.
  score: 1,
  ...(words === undefined ? {} : { words: { rank: 1, score: words } }),
  vectors: { rank: 1, score: cosine },
  matched: [],
  ...(repetition === undefined ? {} : { repetition }),
});
const folder = (name: string, hits: Hit[]): FolderIndex =>
  ({
    status: () => ({ passages: 100 }),
    folder: { id: name, name },
    search: () => Promise.resolve({ hits }),
  }) as unknown as FolderIndex;

test("hits of several folders stand by what the legs said of them, not by their place in their own folder", async () => {
  const good = folder("good", [hit("a", 12, 0.8), hit("b", 9, 0.7), hit("c", 8, 0.7, 0.5)]);
  const poor = folder("poor", [hit("a", 1, 0.2), hit("z", undefined, 0.1)]);
  const [outcome] = await localRetriever([poor, good]).search(["q"], 4, new AbortController().signal);
  if (!outcome?.ok) throw new Error("not answered");
  expect(outcome.hits.map(({ passage, rank }) => `${rank} ${passage.id}`)).toEqual(["1 a", "2 b", "3 c", "4 a"]);
  expect(outcome.hits[0]).toMatchObject({ words: { rank: 1, score: 12 }, vectors: { rank: 1, score: 0.8 } });
  expect(outcome.hits[2]!.words!.rank).toBe(3);
  const [first, , third] = outcome.hits;
  expect(third!.score).toBeLessThan(first!.score * 0.5);
});
