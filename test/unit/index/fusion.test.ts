import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LegHit, fuse } from "../../../server/index/fusion.ts";

const even = { least: 0.5, most: 0.5 };
const ids = (fused: readonly { id: string }[]): string[] => fused.map(({ id }) => id);

describe("fusion", () => {
  test("adds shares of each leg's best; the vectors' list ends at nothing", () => {
    const words = [
      { id: "a", score: 10 },
      { id: "b", score: 5 },
    ];
    const vectors = [
      { id: "b", score: 0.8 },
      { id: "c", score: 0.6 },
      { id: "d", score: 0.4 },
    ];
    const fused = fuse(words, vectors, even);
    expect(ids(fused)).toEqual(["a", "b", "c", "d"]);
    expect(fused[1]).toEqual({
      id: "b",
      score: 0.5,
      words: { rank: 2, score: 5, part: 0.25 },
      vectors: { rank: 1, score: 0.8, part: 0.25 },
    });
    expect(fused[2]!.score).toBeCloseTo((0.5 * 0.2) / 0.8);
    expect(fused[3]!.score).toBe(0);
  });

  test("trusts words that single out a passage more than words that many share", () => {
    const words = (tenth: number) =>
      Array.from({ length: 12 }, (_, at) => ({ id: `w${at}`, score: at === 0 ? 10 : tenth }));
    const part = (tenth: number) => fuse(words(tenth), [], { least: 0.2, most: 0.8 })[0]!.words!.part;
    expect(part(10)).toBeCloseTo(0.2);
    expect(part(5)).toBeCloseTo(0.5);
    expect(part(0)).toBeCloseTo(0.8);
    expect(fuse(words(5).slice(0, 3), [], { least: 0.2, most: 0.8 })[0]!.words!.part).toBeCloseTo(0.5);
  });

  test("counts a passage that a list names twice at its first place", () => {
    const twice = ["a", "b", "b", "c"].map((id, at) => ({ id, score: 1 - at / 10 }));
    expect(ids(fuse([], twice, even))).toEqual(["a", "b", "c"]);
    expect(fuse([], twice, even)[1]).toMatchObject({ score: 0.45, vectors: { rank: 2 } });
  });

  test("one leg alone keeps its order", () => {
    const hits = [3, 2, 1].map((score) => ({ id: `${score}`, score }));
    expect(ids(fuse(hits, [], even))).toEqual(["3", "2", "1"]);
    expect(ids(fuse([], hits, even))).toEqual(["3", "2", "1"]);
    expect(fuse([], [], even)).toEqual([]);
  });

  const leg = fc
    .uniqueArray(
      fc.record({
        id: fc.integer({ min: 0, max: 30 }).map(String),
        score: fc.integer({ min: -1000, max: 50_000 }).map((each) => each / 1000),
      }),
      {
        selector: ({ id }) => id,
        maxLength: 20,
      },
    )
    .map((hits) => hits.toSorted((a, b) => b.score - a.score));

  test("every hit is there once, with a score that is the sum of its parts, and scores that do not depend on a leg's scale", () => {
    fc.assert(
      fc.property(leg, leg, (words, vectors) => {
        const fused = fuse(words, vectors, even);
        expect(new Set(ids(fused))).toEqual(new Set([...ids(words), ...ids(vectors)]));
        expect(new Set(ids(fused)).size).toBe(fused.length);
        for (const hit of fused) expect(hit.score).toBeCloseTo((hit.words?.part ?? 0) + (hit.vectors?.part ?? 0), 9);
        const scaled = (hits: readonly LegHit[]): LegHit[] => hits.map(({ id, score }) => ({ id, score: score * 4 }));
        const other = new Map(fuse(scaled(words), scaled(vectors), even).map(({ id, score }) => [id, score]));
        for (const { id, score } of fused) expect(other.get(id)).toBeCloseTo(score, 9);
      }),
    );
  });

  test("a passage that stands higher in both lists is never below", () => {
    fc.assert(
      fc.property(leg, leg, (words, vectors) => {
        const fused = fuse(words, vectors, even).filter((hit) => hit.words && hit.vectors);
        for (const [at, hit] of fused.entries())
          for (const later of fused.slice(at + 1))
            expect(
              later.words!.score > hit.words!.score &&
                later.vectors!.score > hit.vectors!.score &&
                later.score < hit.score,
            ).toBe(false);
      }),
    );
  });
});
