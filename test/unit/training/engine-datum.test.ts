import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addGradients,
  engineLogprobs,
  type EngineReduction,
  type EngineRow,
  engineRows,
  gradientRows,
} from "../../../server/training/engine-datum.ts";
import { groupsOf } from "../../../server/training/group-statistics.ts";
import { klLoss } from "../../../server/training/kl.ts";
import { type Objective, objectiveOf, r1SearcherClip } from "../../../server/training/objectives.ts";
import { policyLoss } from "../../../server/training/policy-loss.ts";
import { lossCoefficients, type Reduction } from "../../../server/training/reductions.ts";
import { ShapeError } from "../../../server/training/tokens.ts";
import { type Batch, batches, farthest } from "./batches.ts";

const reductions: ((sequences: number) => Reduction)[] = [
  () => ({ kind: "sum" }),
  () => ({ kind: "token-mean" }),
  () => ({ kind: "sequence-mean", empty: "count" }),
  () => ({ kind: "sequence-mean", empty: "drop" }),
  (sequences) => ({ kind: "group-mean", groups: groupsOf(1, sequences) }),
  () => ({ kind: "fixed-length", length: 512 }),
];
const engines: EngineReduction[] = ["token-sum", "sequence-mean"];

/** What an engine does with the rows of one step, written from its definition: its own loss at each token, its own reduction. */
function engineGradient(
  engine: EngineReduction,
  sent: readonly EngineRow[],
  batch: Batch,
  objective: Objective,
): Float64Array[] {
  const gradient = batch.logprobs.map((row) => new Float64Array(row.length));
  for (const { sequence, weights, advantages } of sent) {
    const total = Array.from(weights).reduce((sum, w) => sum + w, 0);
    Array.from(weights).forEach((w, t) => {
      if (w === 0) return;
      const logprob = batch.logprobs[sequence]![t]!;
      const old = batch.oldLogprobs[sequence]![t]!;
      const { slope } = objectiveOf(
        { logprob, old, logRatio: logprob - old, advantage: advantages[t]! },
        objective,
        Infinity,
      );
      gradient[sequence]![t] = engine === "token-sum" ? w * slope : (w * slope) / total / sent.length;
    });
  }
  return gradient;
}

describe("rows for an engine", () => {
  it("give the gradient of the wanted reduction under both engine reductions, clipped tokens included", () => {
    const objectives: Objective[] = [r1SearcherClip, { kind: "importance" }, { kind: "cispo", low: 0.2, high: 0.28 }];
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom(...reductions),
        fc.constantFrom(...objectives),
        (batch, reductionFor, objective) => {
          const coefficients = lossCoefficients(batch.mask, reductionFor(batch.mask.length));
          const wanted = policyLoss({ ...batch, coefficients }, { objective }).gradient;
          for (const engine of engines) {
            const sent = engineRows(batch.advantages, batch.mask, coefficients, engine);
            expect(farthest(engineGradient(engine, sent, batch, objective), wanted)).toBeLessThan(1e-10);
          }
        },
      ),
    );
  });

  it("carry any sum of loss terms as advantages of an on-policy step", () => {
    fc.assert(
      fc.property(batches, fc.constantFrom(...engines), (batch, engine) => {
        const coefficients = lossCoefficients(batch.mask, { kind: "token-mean" });
        const total = addGradients([
          {
            gradient: policyLoss(
              { ...batch, coefficients },
              { objective: { kind: "clip", low: 0.2, high: 0.2, dual: 1.5 }, ratio: "sequence" },
            ).gradient,
            coefficient: 1,
          },
          {
            gradient: klLoss(batch.logprobs, batch.referenceLogprobs, batch.mask, coefficients, { kind: "k3" })
              .gradient,
            coefficient: 0.01,
          },
        ]);
        const sent = gradientRows(total, batch.mask, engine);
        const onPolicy = { ...batch, oldLogprobs: batch.logprobs };
        expect(farthest(engineGradient(engine, sent, onPolicy, { kind: "importance" }), total)).toBeLessThan(1e-10);
      }),
    );
  });

  it("have weight and advantage 0 at masked tokens, weight 1 elsewhere", () => {
    fc.assert(
      fc.property(batches, fc.constantFrom(...engines), (batch, engine) => {
        const coefficients = lossCoefficients(batch.mask, { kind: "token-mean" });
        for (const { sequence, weights, advantages } of engineRows(
          batch.advantages,
          batch.mask,
          coefficients,
          engine,
        )) {
          expect(Array.from(weights)).toEqual(batch.mask[sequence]);
          advantages.forEach((value, t) => weights[t] === 0 && expect(value).toBe(0));
        }
      }),
    );
  });

  it("leave out sequences that would move nothing, and may leave out all", () => {
    const mask = [
      [1, 1],
      [0, 0],
      [1, 1],
    ];
    const coefficients = lossCoefficients(mask, { kind: "sequence-mean", empty: "count" });
    expect(
      engineRows(
        [
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        mask,
        coefficients,
        "sequence-mean",
      ).map((row) => row.sequence),
    ).toEqual([0]);
    expect(
      engineRows(
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
        mask,
        coefficients,
        "token-sum",
      ),
    ).toEqual([]);
  });

  it("hold the sequence mean of two sequences of different length in plain numbers", () => {
    const mask = [[1, 1, 0, 1], [1]];
    const coefficients = lossCoefficients(mask, { kind: "sequence-mean" });
    const advantages = [[6, 6, 0, 6], [-6]];
    expect(engineRows(advantages, mask, coefficients, "token-sum").map((row) => [...row.advantages])).toEqual([
      [1, 1, 0, 1],
      [-3],
    ]);
    expect(engineRows(advantages, mask, coefficients, "sequence-mean").map((row) => [...row.advantages])).toEqual([
      [6, 6, 0, 6],
      [-6],
    ]);
  });
});

describe("old log-probs for an engine", () => {
  it("are 0 at masked tokens, whatever was there, and refused where one that counts is missing", () => {
    expect(engineLogprobs([[-1, NaN, -100], [-0.5]], [[1, 0, 0], [1]])).toEqual([
      Float64Array.of(-1, 0, 0),
      Float64Array.of(-0.5),
    ]);
    expect(() => engineLogprobs([[-1], [NaN]], [[1], [1]])).toThrow(
      expect.objectContaining({ quantity: "old log-prob", sequence: 1, token: 0 }),
    );
  });
});

describe("gradients of several terms", () => {
  it("add up with their coefficients and refuse terms of another batch", () => {
    expect(
      addGradients([
        { gradient: [[1, 2]], coefficient: 1 },
        { gradient: [[10, 0]], coefficient: 0.1 },
      ]),
    ).toEqual([Float64Array.of(2, 2)]);
    expect(() =>
      addGradients([
        { gradient: [[1, 2]], coefficient: 1 },
        { gradient: [[1]], coefficient: 1 },
      ]),
    ).toThrow(ShapeError);
  });
});

describe("loss coefficients", () => {
  it("sum to 1 for every mean, over whatever is unmasked", () => {
    fc.assert(
      fc.property(batches, ({ mask }) => {
        fc.pre(mask.flat().includes(1));
        for (const reduction of [{ kind: "token-mean" }, { kind: "sequence-mean", empty: "drop" }] as const) {
          const total = lossCoefficients(mask, reduction).reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
          expect(total).toBeCloseTo(1, 10);
        }
      }),
    );
  });

  it("of parts of a step add up to those of the whole when the whole's counts are given", () => {
    const whole = [[1, 1, 0], [1], [1, 1]];
    const all = lossCoefficients(whole, { kind: "token-mean" });
    const parts = [whole.slice(0, 1), whole.slice(1)].flatMap((part) =>
      lossCoefficients(part, { kind: "token-mean", of: 5 }),
    );
    expect(parts).toEqual(all);
  });

  it("refuse a group mean that leaves a sequence out", () => {
    expect(() => lossCoefficients([[1], [1]], { kind: "group-mean", groups: [[0]] })).toThrow(/belongs to no group/);
  });
});
