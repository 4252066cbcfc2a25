import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retrievalMetrics } from "../../../server/evaluation/retrieval-metrics.ts";

describe("retrievalMetrics", () => {
  it("counts recall among the first k and the rank of the first relevant id", () => {
    const scores = retrievalMetrics(["x", "a", "y", "b"], new Set(["a", "b"]), 3);
    expect(scores).toMatchObject({ recall: 0.5, reciprocalRank: 0.5 });
    expect(scores!.ndcg10).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3)), 12);
  });

  it("gives 1 for a perfect order and 0 where nothing relevant came", () => {
    expect(retrievalMetrics(["a", "b", "x"], new Set(["a", "b"]), 2)).toEqual({
      recall: 1,
      reciprocalRank: 1,
      ndcg10: 1,
    });
    expect(retrievalMetrics(["x"], new Set(["a"]), 5)).toEqual({ recall: 0, reciprocalRank: 0, ndcg10: 0 });
    expect(retrievalMetrics([], new Set(["a"]), 5)).toEqual({ recall: 0, reciprocalRank: 0, ndcg10: 0 });
  });

  it("does not reward the same id twice", () => {
    expect(retrievalMetrics(["a", "a"], new Set(["a", "b"]), 2)!.recall).toBe(0.5);
  });

  it("has no score for a query without relevant ids", () => {
    expect(retrievalMetrics(["a"], new Set(), 5)).toBeUndefined();
  });

  it("refuses a number of places that is none", () => {
    expect(() => retrievalMetrics(["a"], new Set(["a"]), 0)).toThrow(RangeError);
  });

  it("stays between 0 and 1 for any list, repeats included", () => {
    const ids = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 30 });
    fc.assert(
      fc.property(
        ids,
        fc.uniqueArray(fc.constantFrom("a", "b", "c", "z"), { minLength: 1 }),
        fc.integer({ min: 1, max: 40 }),
        (ranked, relevant, k) => {
          for (const value of Object.values(retrievalMetrics(ranked, new Set(relevant), k)!)) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});
