import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerMetrics, compareAnswer } from "../../../server/evaluation/answer-metrics.ts";
import { normalisers } from "../../../server/evaluation/normalise-answer.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";

interface MetricRow {
  prediction: string;
  gold: string;
  em: boolean;
  f1: number;
  precision: number;
  recall: number;
  cem1: boolean;
  cem2: boolean;
  normalized: string[];
  search_r1_normalized: string[];
  search_r1_em: number;
}

describe.skipIf(!hasReference("golden/metrics.jsonl"))("answer metrics of the reference programs", () => {
  it("agree in every row to the last bit, normalised strings included", () => {
    const rows = referenceRows<MetricRow>("golden/metrics.jsonl");
    expect(rows.length).toBeGreaterThan(2000);
    for (const row of rows) {
      const sides = [row.prediction, row.gold];
      expect({
        prediction: row.prediction,
        gold: row.gold,
        metrics: compareAnswer(row.prediction, row.gold),
        searchR1Em: compareAnswer(row.prediction, row.gold, "punctuation-deleted").em,
        normalised: sides.map(normalisers["punctuation-to-space"]),
        searchR1Normalised: sides.map(normalisers["punctuation-deleted"]),
      }).toEqual({
        prediction: row.prediction,
        gold: row.gold,
        metrics: {
          em: Number(row.em),
          f1: row.f1,
          precision: row.precision,
          recall: row.recall,
          cem1: Number(row.cem1),
          cem2: Number(row.cem2),
        },
        searchR1Em: row.search_r1_em,
        normalised: row.normalized,
        searchR1Normalised: row.search_r1_normalized,
      });
    }
  });
});

describe("answerMetrics", () => {
  it("tells the two normalisers apart where punctuation stands inside a word", () => {
    expect(normalisers["punctuation-to-space"]("U.S.A.")).toBe("u s");
    expect(normalisers["punctuation-deleted"]("U.S.A.")).toBe("usa");
    expect(normalisers["punctuation-to-space"]("10,000")).toBe("10 000");
    expect(normalisers["punctuation-deleted"]("10,000")).toBe("10000");
  });

  it("gives plain text the form that it has beside a word of another script", () => {
    const plain = fc.array(
      fc.oneof(
        fc.constantFrom("a", "an", "The", "_", "-", "'", "\t", "\n", "\v", " ", "U.S.A."),
        fc.string({ maxLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(plain, fc.constantFrom(...Object.values(normalisers)), (parts, normalise) => {
        const text = parts.join("");
        expect(normalise(`${text} é`)).toBe(`${normalise(`${text} `)} é`.trim());
      }),
      { numRuns: 500 },
    );
  });

  it("takes exactly True and False for yes and no", () => {
    expect(answerMetrics("True", ["yes"]).em).toBe(1);
    expect(answerMetrics("true", ["yes"]).em).toBe(0);
    expect(answerMetrics("no", ["False"]).f1).toBe(1);
  });

  it("gives no partial credit to yes, no and noanswer", () => {
    expect(answerMetrics("yes it is", ["yes"])).toMatchObject({ f1: 0, cem1: 1, cem2: 1 });
  });

  it("counts cover by words in any order, and by substring", () => {
    expect(answerMetrics("Madison James", ["James Madison"])).toMatchObject({ em: 0, f1: 1, cem1: 1, cem2: 0 });
    expect(answerMetrics("concatenate", ["cat"])).toMatchObject({ cem1: 0, cem2: 1 });
  });

  it("takes the best of each metric over several gold answers", () => {
    expect(answerMetrics("New York City", ["NYC", "New York", "New York City"])).toMatchObject({ em: 1, f1: 1 });
    expect(answerMetrics("the cat sat", ["sat", "cat mat"])).toMatchObject({ em: 0, recall: 1, cem1: 1 });
  });

  it("scores a question without prediction or gold answer zero", () => {
    expect(answerMetrics(undefined, [""]).em).toBe(0);
    expect(answerMetrics("anything", []).f1).toBe(0);
  });

  it("stays between 0 and 1, and an answer equals itself whatever it holds", () => {
    const words = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(
        words,
        words,
        fc.constantFrom("punctuation-to-space" as const, "punctuation-deleted" as const),
        (a, b, normaliser) => {
          for (const value of Object.values(compareAnswer(a, b, normaliser))) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(1);
          }
          expect(compareAnswer(a, a, normaliser)).toMatchObject({ em: 1, cem1: 1, cem2: 1 });
          expect(compareAnswer(a, b, normaliser).f1).toBe(compareAnswer(b, a, normaliser).f1);
        },
      ),
    );
  });
});
