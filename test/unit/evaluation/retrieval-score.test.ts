import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Support } from "../../../server/evaluation/data-sets/question.ts";
import { rankedScore, retrievalScore } from "../../../server/evaluation/retrieval-score.ts";
import { retrievalMetrics } from "../../../server/evaluation/retrieval-metrics.ts";
import { hitsOf } from "../../fixtures/retriever.ts";

const passage = (id: string, text = "") => ({ id, title: "", text });
const byId = (...ids: string[]): Support[] => ids.map((id) => ({ kind: "passage", id }));

describe("retrieval against what proves an answer", () => {
  test("agrees with the metrics over ids where every support is one passage", () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 12 }), (ranked, relevant, k) => {
        const score = rankedScore(
          ranked.map((id) => passage(id)),
          byId(...relevant),
          k,
        )!;
        const metrics = retrievalMetrics(ranked, new Set(relevant), k)!;
        for (const name of ["recall", "reciprocalRank", "ndcg10"] as const)
          expect(score[name]).toBeCloseTo(metrics[name], 12);
      }),
    );
  });

  test("one passage may hold two proofs, and a proof found twice counts once", () => {
    const quotes: Support[] = [
      { kind: "quote", text: "dome" },
      { kind: "quote", text: "wheel" },
    ];
    expect(rankedScore([passage("a", "dome and wheel")], quotes, 10)).toEqual({
      recall: 1,
      reciprocalRank: 1,
      ndcg10: 1,
    });
    const twice = rankedScore([passage("a", "dome"), passage("b", "dome")], quotes, 10)!;
    expect(twice.recall).toBe(0.5);
    expect(twice.ndcg10).toBeCloseTo(1 / (1 + 1 / Math.log2(3)), 12);
  });

  test("a rollout is scored by what it inserted, in the order it saw it", () => {
    const search = (ids: string[], insertedHits: number) => ({
      turn: 0,
      query: "q",
      rawQuery: "q",
      hits: hitsOf(ids.map((id) => passage(id))),
      insertedStart: 0,
      insertedEnd: 0,
      insertedHits,
      neutralised: 0,
      seconds: 0,
      cached: false,
    });
    const searches = [search(["x", "y", "wanted"], 2), search(["y", "found"], 2)];
    expect(retrievalScore(searches, byId("found", "wanted"))).toMatchObject({ reached: 0.5, reciprocalRank: 1 / 3 });
    expect(retrievalScore(searches, [])).toBeUndefined();
  });
});
