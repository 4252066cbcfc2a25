import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entropyOf, entropyTerm } from "../../../server/training/entropy.ts";
import { type KlEstimator, klLoss } from "../../../server/training/kl.ts";
import { lldsTerm } from "../../../server/training/llds.ts";
import { type Objective, r1SearcherClip } from "../../../server/training/objectives.ts";
import { policyLoss, type PolicyLossOptions } from "../../../server/training/policy-loss.ts";
import { lossCoefficients, type Reduction } from "../../../server/training/reductions.ts";
import { NonFiniteError } from "../../../server/training/tokens.ts";
import { type Batch, batches, farthest, numericGradient } from "./batches.ts";

const reductions: Reduction[] = [
  { kind: "sum" },
  { kind: "token-mean" },
  { kind: "sequence-mean", empty: "count" },
  { kind: "sequence-mean", empty: "drop" },
  { kind: "fixed-length", length: 16 },
];
// Objectives whose gradient is the derivative of their value; the others hold part of it still on purpose.
const smooth: Objective[] = [
  r1SearcherClip,
  { kind: "clip", low: 0.2, high: 0.28 },
  { kind: "clip", low: 0.2, high: 0.2, dual: 1.4 },
  { kind: "importance" },
  { kind: "sapo", positive: 1, negative: 1.05 },
  { kind: "likelihood" },
];

function lossAt(batch: Batch, logprobs: number[][], reduction: Reduction, options: PolicyLossOptions) {
  return policyLoss({ ...batch, logprobs, coefficients: lossCoefficients(batch.mask, reduction) }, options);
}

/** Whether some ratio lies so near an edge of the objective that a difference quotient straddles it. */
function nearEdge(batch: Batch, edges: readonly number[]): boolean {
  const ratios = batch.logprobs.flatMap((row, i) => row.map((value, t) => Math.exp(value - batch.oldLogprobs[i]![t]!)));
  const means = batch.logprobs.map((row, i) => {
    const kept = row.flatMap((value, t) => (batch.mask[i]![t] === 1 ? [value - batch.oldLogprobs[i]![t]!] : []));
    return Math.exp(kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length));
  });
  return [...ratios, ...means].some((ratio) => edges.some((edge) => Math.abs(ratio - edge) < 1e-4));
}

describe("policy loss", () => {
  it("has the gradient that difference quotients show, for every objective, ratio and reduction", () => {
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom(...smooth),
        fc.constantFrom("token" as const, "sequence" as const),
        fc.constantFrom(...reductions),
        (batch, objective, ratio, reduction) => {
          // A likelihood has no ratio to share over a sequence.
          fc.pre(!nearEdge(batch, [0.8, 1.2, 1.28, 1.4]) && !(objective.kind === "likelihood" && ratio === "sequence"));
          const { gradient } = lossAt(batch, batch.logprobs, reduction, { objective, ratio });
          const numeric = numericGradient(
            batch.logprobs,
            (logprobs) => lossAt(batch, logprobs, reduction, { objective, ratio }).loss,
          );
          expect(farthest(gradient, numeric)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it("gives masked tokens no gradient and never reads them", () => {
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom(...smooth),
        fc.constantFrom(...reductions),
        (batch, objective, reduction) => {
          const blind = (tokens: number[][]) =>
            tokens.map((row, i) => row.map((value, t) => (batch.mask[i]![t] === 0 ? NaN : value)));
          const plain = lossAt(batch, batch.logprobs, reduction, { objective });
          const hidden = lossAt(
            { ...batch, oldLogprobs: blind(batch.oldLogprobs), advantages: blind(batch.advantages) },
            blind(batch.logprobs),
            reduction,
            { objective },
          );
          expect(hidden).toEqual(plain);
          plain.gradient.forEach((row, i) =>
            row.forEach((slope, t) => batch.mask[i]![t] === 0 && expect(slope).toBe(0)),
          );
        },
      ),
    );
  });

  it("is minus the mean advantage on policy, with slope minus the advantage", () => {
    const batch = { logprobs: [[-1, -2]], oldLogprobs: [[-1, -2]], advantages: [[1, 3]], mask: [[1, 1]] };
    const { loss, gradient, clipFraction, approximateKl } = policyLoss(
      { ...batch, coefficients: lossCoefficients(batch.mask, { kind: "token-mean" }) },
      { objective: r1SearcherClip },
    );
    expect(loss).toBe(-2);
    expect(gradient).toEqual([Float64Array.of(-0.5, -1.5)]);
    expect([clipFraction, approximateKl]).toEqual([0, 0]);
  });

  it("reports the drift from the old policy and the share of tokens that the clip held", () => {
    const batch = {
      logprobs: [[-1, -2, -2]],
      oldLogprobs: [[-2, -1, -2]],
      advantages: [[1, 1, 1]],
      mask: [[1, 1, 1]],
      coefficients: [[1, 1, 1]],
    };
    const moved = policyLoss({ ...batch, oldLogprobs: [[-2, -2.5, -2]] }, { objective: r1SearcherClip });
    expect(moved.approximateKl).toBeCloseTo(-0.5, 12);
    expect(moved.clipFraction).toBeCloseTo(2 / 3, 12);
    expect(policyLoss(batch, { objective: r1SearcherClip }).clipFraction).toBeCloseTo(1 / 3, 12);
  });

  it("stops at the clip only where the advantage pushes outward", () => {
    const slope = (logprob: number, advantage: number) =>
      policyLoss(
        { logprobs: [[logprob]], oldLogprobs: [[-1]], advantages: [[advantage]], mask: [[1]], coefficients: [[1]] },
        { objective: r1SearcherClip },
      ).gradient[0]![0]!;
    expect(slope(-0.5, 1)).toBeCloseTo(0, 15);
    expect(slope(-0.5, -1)).toBeCloseTo(Math.exp(0.5), 12);
    expect(slope(-1.5, 1)).toBeCloseTo(-Math.exp(-0.5), 12);
    expect(slope(-1.5, -1)).toBeCloseTo(0, 15);
  });

  it("holds a negative advantage's loss at the dual bound, without slope, and leaves smaller losses alone", () => {
    const at = (logprob: number, advantage: number) => {
      const batch = {
        logprobs: [[logprob]],
        oldLogprobs: [[-3]],
        advantages: [[advantage]],
        mask: [[1]],
        coefficients: [[1]],
      };
      return policyLoss(batch, { objective: { kind: "clip", low: 0.2, high: 0.2, dual: 3 } });
    };
    expect(at(-3 + Math.log(4), -2)).toMatchObject({ loss: 6, gradient: [Float64Array.of(0)] });
    expect(at(-3 + Math.log(2), -2).loss).toBeCloseTo(4, 12);
    expect(at(-3 + Math.log(4), 2).loss).toBeCloseTo(-2.4, 12);
  });

  it("is 0 with zero gradient when every token is masked", () => {
    for (const reduction of reductions) {
      const batch = { logprobs: [[-1]], oldLogprobs: [[-1]], advantages: [[1]], mask: [[0]] };
      const ours = policyLoss(
        { ...batch, coefficients: lossCoefficients(batch.mask, reduction) },
        { objective: r1SearcherClip },
      );
      expect(ours).toEqual({ loss: 0, gradient: [Float64Array.of(0)], clipFraction: 0, approximateKl: 0 });
    }
  });

  it("names the token whose ratio overflows, and stays finite with the default bound", () => {
    const batch = {
      logprobs: [[-1], [-1]],
      oldLogprobs: [[-1], [-900]],
      advantages: [[1], [-1]],
      mask: [[1], [1]],
      coefficients: [[1], [1]],
    };
    const run = () => policyLoss(batch, { objective: r1SearcherClip, logRatioLimit: Infinity });
    expect(run).toThrow(expect.objectContaining({ quantity: "policy objective", sequence: 1, token: 0 }));
    expect(Number.isFinite(policyLoss(batch, { objective: r1SearcherClip }).loss)).toBe(true);
  });

  it("refuses a log-prob that is not a number at a token that is trained on", () => {
    const batch = {
      logprobs: [[-1, NaN]],
      oldLogprobs: [[-1, -1]],
      advantages: [[1, 1]],
      mask: [[1, 1]],
      coefficients: [[1, 1]],
    };
    expect(() => policyLoss(batch, { objective: r1SearcherClip })).toThrow(NonFiniteError);
  });
});

describe("KL loss", () => {
  it("has the gradient that difference quotients show, for every estimator", () => {
    const estimators: KlEstimator[] = [
      { kind: "k1" },
      { kind: "k2" },
      { kind: "k3" },
      { kind: "k3", limit: 10, logRatioLimit: 20 },
      { kind: "k1", limit: 10 },
    ];
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom(...estimators),
        fc.constantFrom(...reductions),
        (batch, estimator, reduction) => {
          const coefficients = lossCoefficients(batch.mask, reduction);
          const at = (logprobs: number[][]) =>
            klLoss(logprobs, batch.referenceLogprobs, batch.mask, coefficients, estimator);
          expect(
            farthest(
              at(batch.logprobs).gradient,
              numericGradient(batch.logprobs, (logprobs) => at(logprobs).loss),
            ),
          ).toBeLessThan(1e-6);
        },
      ),
    );
  });

  it("has no gradient where a bound holds the estimate or the log-ratio", () => {
    const at = (logprob: number, estimator: KlEstimator) => klLoss([[logprob]], [[-1]], [[1]], [[1]], estimator);
    expect(at(-31, { kind: "k1", limit: 10 })).toEqual({ loss: -10, gradient: [Float64Array.of(0)] });
    expect(at(-31, { kind: "k1", logRatioLimit: 20 })).toEqual({ loss: -20, gradient: [Float64Array.of(0)] });
    expect(at(-5, { kind: "k1", limit: 10, logRatioLimit: 20 })).toEqual({ loss: -4, gradient: [Float64Array.of(1)] });
  });

  it("is never negative for k2 and k3", () => {
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom("k2" as const, "k3" as const),
        ({ logprobs, referenceLogprobs, mask }, kind) => {
          const { loss } = klLoss(logprobs, referenceLogprobs, mask, lossCoefficients(mask, { kind: "token-mean" }), {
            kind,
          });
          expect(loss).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe("entropy", () => {
  it("is log V for equal logits and 0 for a certain one", () => {
    expect(entropyOf([0, 0, 0, 0])).toBeCloseTo(Math.log(4), 12);
    expect(entropyOf([0, -2000, -3000])).toBeCloseTo(0, 12);
  });

  it("has the gradient that difference quotients show", () => {
    const logits = fc.array(
      fc.integer({ min: -300, max: 300 }).map((value) => value / 100),
      { minLength: 2, maxLength: 6 },
    );
    fc.assert(
      fc.property(logits, (token) => {
        const { gradient } = entropyTerm([[token]], [[1]], [[0.5]]);
        const numeric = numericGradient([token], ([moved]) => entropyTerm([[moved!]], [[1]], [[0.5]]).sum);
        expect(farthest(gradient[0]!, numeric)).toBeLessThan(1e-7);
      }),
    );
  });

  it("gives nothing at masked tokens and names a broken logit elsewhere", () => {
    const { entropy, gradient } = entropyTerm(
      [
        [
          [0, 1],
          [NaN, 0],
        ],
      ],
      [[1, 0]],
      [[1, 0]],
    );
    expect(entropy[0]![1]).toBe(0);
    expect([...gradient[0]![1]!]).toEqual([0, 0]);
    expect(() => entropyTerm([[[0, NaN]]], [[1]], [[1]])).toThrow(NonFiniteError);
  });
});

const awayFrom0 = (fall: number) => fall + (fall < 0 ? -0.01 : 0.01);

describe("LLDS", () => {
  const batch = {
    logprobs: [
      [-2, -1, -9, -1.5, -1],
      [-3, -3],
    ],
    oldLogprobs: [
      [-1, -1.5, -1, -1, -2],
      [-1, -1],
    ],
    mask: [
      [1, 1, 0, 1, 1],
      [1, 1],
    ],
    actions: [
      [
        { start: 0, end: 2 },
        { start: 3, end: 5 },
      ],
      [{ start: 0, end: 2 }],
    ],
    coefficients: [
      [1, 1, 0, 1, 1],
      [1, 1],
    ],
  };

  it("acts on the falling tokens of actions that fell, in rollouts that did not do worse than their group", () => {
    const { loss, gradient, held } = lldsTerm({ ...batch, outcomeAdvantages: [0.5, -0.5] }, 0.2);
    expect(held).toBe(1);
    expect(loss).toBeCloseTo(0.2, 12);
    expect(gradient).toEqual([Float64Array.of(-0.2, 0, 0, 0, 0), Float64Array.of(0, 0)]);
  });

  it("spares an action by its weight and counts a rollout at exactly 0", () => {
    const actions = [[{ start: 0, end: 2, weight: 0.5 }], [{ start: 0, end: 2, weight: 0 }]];
    const { loss } = lldsTerm({ ...batch, actions, outcomeAdvantages: [0, 0] }, 0.2);
    expect(loss).toBeCloseTo(0.1, 12);
  });

  it("has the gradient that difference quotients show", () => {
    fc.assert(
      fc.property(batches, (generated) => {
        const { logprobs, mask, rewards } = generated;
        const actions = mask.map((row) => [
          { start: 0, end: row.length >> 1 },
          { start: row.length >> 1, end: row.length },
        ]);
        const coefficients = lossCoefficients(mask, { kind: "token-mean" });
        // The term has a kink where a token or an action neither fell nor rose: every token is moved off it.
        const falls = logprobs.map((row, i) => row.map((value, t) => awayFrom0(generated.oldLogprobs[i]![t]! - value)));
        const oldLogprobs = logprobs.map((row, i) => row.map((value, t) => value + falls[i]![t]!));
        const sums = actions.flatMap((list, i) =>
          list.flatMap(({ start, end }) => {
            const unmasked = falls[i]!.slice(start, end).filter((_, k) => mask[i]![start + k] === 1);
            return unmasked.length === 0 ? [] : [unmasked.reduce((sum, fall) => sum + fall, 0)];
          }),
        );
        fc.pre(sums.every((sum) => Math.abs(sum) > 1e-4));
        const at = (moved: number[][]) =>
          lldsTerm({ logprobs: moved, oldLogprobs, mask, outcomeAdvantages: rewards, actions, coefficients });
        expect(
          farthest(
            at(logprobs).gradient,
            numericGradient(logprobs, (moved) => at(moved).loss),
          ),
        ).toBeLessThan(1e-6);
      }),
    );
  });

  it("refuses an action outside its sequence", () => {
    expect(() => lldsTerm({ ...batch, actions: [[{ start: 0, end: 9 }], []], outcomeAdvantages: [0, 0] })).toThrow(
      RangeError,
    );
  });
});
