import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hit } from "../../../protocol/passage.ts";
import { mergeHits } from "../../../server/retrieval/merge-hits.ts";

/** A list as one index gives it: ranks of each leg by its score. */
function list(found: { id: string; words?: number; vectors?: number }[]): Hit[] {
  const rankIn = (leg: "words" | "vectors", score: number): number =>
    1 + found.filter((each) => (each[leg] ?? -Infinity) > score).length;
  return found.map(({ id, words, vectors }, index) => ({
    passage: { id, title: id, text: id },
    rank: index + 1,
    score: 1 / (index + 1),
    ...(words === undefined ? {} : { words: { rank: rankIn("words", words), score: words } }),
    ...(vectors === undefined ? {} : { vectors: { rank: rankIn("vectors", vectors), score: vectors } }),
    matched: [],
  }));
}

const order = (hits: readonly Hit[]): string[] => hits.map(({ passage }) => passage.id);

test("the best of an index that has nothing to say does not come before what others found", () => {
  const handbook = list([
    { id: "answer", words: 9, vectors: 0.8 },
    { id: "near", words: 7, vectors: 0.7 },
    { id: "further", words: 6, vectors: 0.6 },
  ]);
  const other = list([{ id: "unrelated", vectors: 0.1 }]);
  const merged = mergeHits([
    { hits: other, passages: 500 },
    { hits: handbook, passages: 500 },
  ]);
  expect(order(merged)).toEqual(["answer", "near", "further", "unrelated"]);
  expect(merged.map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
  expect(merged[3]!.vectors).toMatchObject({ rank: 4, score: 0.1 });
});

test("a rare word counts as much in an index of two passages as in one of a thousand", () => {
  // BM25 of one word that stands in one passage: ln(1 + (N − 0.5) / 1.5) times the same share of length and count.
  const idf = (passages: number): number => Math.log(1 + (passages - 0.5) / 1.5);
  const site = list([{ id: "both words", words: 2 * idf(2) }]);
  const handbook = list([{ id: "one word", words: idf(1000) }]);
  const merged = mergeHits([
    { hits: handbook, passages: 1000 },
    { hits: site, passages: 2 },
  ]);
  expect(order(merged)).toEqual(["both words", "one word"]);
  expect(merged[0]!.words!.score).toBeCloseTo(2 * idf(2));
});

test("one list alone stays as it is, and an index without hits changes nothing", () => {
  const hits = list([
    { id: "a", words: 3 },
    { id: "b", vectors: 0.5 },
  ]);
  expect(mergeHits([{ hits, passages: 10 }])).toEqual(hits);
  expect(
    mergeHits([
      { hits: [], passages: 99 },
      { hits, passages: 10 },
    ]),
  ).toEqual(hits);
  expect(mergeHits([])).toEqual([]);
});

test("equal passages of two folders are both kept, and a leg never lists a worse score before a better one", () => {
  const found = fc.array(
    fc.record({
      id: fc.constantFrom("a", "b", "c", "d"),
      words: fc.option(fc.double({ min: 0.1, max: 20, noNaN: true }), { nil: undefined }),
      vectors: fc.option(fc.double({ min: 0.01, max: 1, noNaN: true }), { nil: undefined }),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(found, found, fc.integer({ min: 1, max: 10_000 }), (one, other, passages) => {
      const given = [one, other].map((each) =>
        list(
          each
            .flatMap(({ id, words, vectors }) =>
              words === undefined && vectors === undefined
                ? []
                : [{ id, ...(words === undefined ? {} : { words }), ...(vectors === undefined ? {} : { vectors }) }],
            )
            .filter((each_, at, all) => all.findIndex(({ id }) => id === each_.id) === at),
        ),
      );
      const merged = mergeHits(given.map((hits) => ({ hits, passages })));
      expect(merged).toHaveLength(given.flat().length);
      const cosines = merged.flatMap(({ vectors }) => vectors ?? []).sort((a, b) => a.rank - b.rank);
      for (const [at, { score }] of cosines.slice(1).entries()) expect(score).toBeLessThanOrEqual(cosines[at]!.score);
    }),
  );
});
