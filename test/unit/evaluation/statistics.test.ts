import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrapMean } from "../../../server/evaluation/statistics/bootstrap.ts";
import { mcnemarExact } from "../../../server/evaluation/statistics/mcnemar.ts";
import { pairedDifference } from "../../../server/evaluation/statistics/paired-difference.ts";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";
import { sampleQuestions } from "../../../server/evaluation/sample-questions.ts";
import type { EvaluationQuestion } from "../../../server/evaluation/data-sets/question.ts";

describe("seeded random numbers", () => {
  test("are the same for the same seed, differ between seeds, and spread evenly", () => {
    const draw = (seed: number) => Array.from({ length: 10_000 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of draw(7)) tenths[Math.floor(value * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe("bootstrap", () => {
  test("the interval of a share is near that of the binomial distribution", () => {
    const values = Array.from({ length: 400 }, (_, index) => Number(index % 4 === 0));
    const { mean, low, high } = bootstrapMean(values, 1)!;
    expect(mean).toBe(0.25);
    // 0.25 ± 1.96 · sqrt(0.25 · 0.75 / 400)
    expect(low).toBeCloseTo(0.2076, 1);
    expect(high).toBeCloseTo(0.2924, 1);
    expect(Math.abs(high - low - 0.0849)).toBeLessThan(0.01);
  });

  test("holds the true mean in about 95 of 100 samples", () => {
    const random = seededRandom(3);
    let held = 0;
    for (let sample = 0; sample < 300; sample += 1) {
      const { low, high } = bootstrapMean(Array.from({ length: 60 }, random), sample, 500)!;
      if (low <= 0.5 && high >= 0.5) held += 1;
    }
    expect(held / 300).toBeGreaterThan(0.9);
    expect(held / 300).toBeLessThan(0.99);
  });

  test("lies within the values, is fixed by the seed, and is undefined for nothing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.integer(),
        (values, seed) => {
          const interval = bootstrapMean(values, seed, 100)!;
          expect(interval).toEqual(bootstrapMean(values, seed, 100));
          expect(interval.low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
          expect(interval.high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        },
      ),
    );
    expect(bootstrapMean([], 1)).toBeUndefined();
    expect(bootstrapMean([0.5], 1)).toEqual({ mean: 0.5, low: 0.5, high: 0.5, rows: 1 });
  });
});

describe("McNemar's exact test", () => {
  test("gives the two-sided binomial tail", () => {
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(0, 5)).toBeCloseTo(2 * 0.5 ** 5, 12);
    expect(mcnemarExact(1, 9)).toBeCloseTo((2 * 11) / 1024, 12);
    expect(mcnemarExact(6, 6)).toBe(1);
    // 2 · (C(40,0) + … + C(40,15)) / 2^40, in whole numbers
    expect(mcnemarExact(15, 25)).toBeCloseTo(0.1538599441628321, 10);
  });

  test("does not care which run is first, and stays a probability for thousands of questions", () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (a, b) => {
        const p = mcnemarExact(a, b);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(mcnemarExact(b, a)).toBe(p);
      }),
      { numRuns: 30 },
    );
  });
});

describe("paired difference", () => {
  const random = seededRandom(11);
  const first = Array.from({ length: 200 }, random);

  test("a run that is better on nearly every question is better, and the other way round worse", () => {
    const second = first.map((value, index) => value + (index % 10 === 0 ? -0.05 : 0.1));
    expect(pairedDifference(first, second, 1)).toMatchObject({ verdict: "better", questions: 200 });
    expect(pairedDifference(second, first, 1)).toMatchObject({ verdict: "worse" });
    expect(pairedDifference(first, second, 1).questionsNeeded).toBeUndefined();
  });

  test("pairing shows what the means alone would hide", () => {
    const second = first.map((value) => value + 0.02);
    expect(pairedDifference(first, second, 1)).toMatchObject({
      verdict: "better",
      difference: expect.closeTo(0.02, 10),
    });
  });

  test("noise cannot tell, and says how many questions could", () => {
    const second = first.map((value, index) => value + (index % 2 === 0 ? 0.5 : -0.49));
    const { verdict, questionsNeeded, difference } = pairedDifference(first, second, 1);
    expect(verdict).toBe("cannot tell");
    // (1.96 + 0.84)² · spread² / difference²
    expect(difference).toBeCloseTo(0.005, 10);
    expect(questionsNeeded).toBeGreaterThan(70_000);
    expect(questionsNeeded).toBeLessThan(85_000);
  });

  test("equal runs and a single question cannot tell", () => {
    expect(pairedDifference(first, first, 1)).toMatchObject({ verdict: "cannot tell", difference: 0, low: 0, high: 0 });
    expect(pairedDifference([0], [1], 1)).toMatchObject({ verdict: "cannot tell" });
    expect(() => pairedDifference([], [], 1)).toThrow(RangeError);
    expect(() => pairedDifference([1], [1, 2], 1)).toThrow(RangeError);
  });
});

test("a sample is fixed by its seed, keeps the file's order, and takes every question sometimes", () => {
  const questions = Array.from({ length: 30 }, (_, index) => ({ id: String(index) }) as EvaluationQuestion);
  const ids = (seed: number) => sampleQuestions(questions, 10, seed).map(({ id }) => Number(id));
  expect(ids(4)).toEqual(ids(4));
  expect(ids(4)).toEqual(ids(4).toSorted((a, b) => a - b));
  expect(new Set(Array.from({ length: 40 }, (_, seed) => ids(seed)).flat()).size).toBe(30);
  expect(sampleQuestions(questions, 99, 1)).toEqual(questions);
});
