import { describe, expect, it } from "vitest";
import { type OffPolicyCorrection, offPolicyCorrections } from "../../../server/training/off-policy.ts";

// Ratios of trainer to sampler: 4, 1, 1/4 in the first sequence (geometric mean 1), 4 and 1 in the second (2).
const old = [
  [Math.log(4), 0, -Math.log(4)],
  [Math.log(4), 0],
];
const rollout = [
  [0, 0, 0],
  [0, 0],
];
const mask = [
  [1, 1, 1],
  [1, 1],
];
const factors = (correction: OffPolicyCorrection) =>
  offPolicyCorrections(old, rollout, mask, correction).map((row) =>
    [...row].map((value) => Math.round(value * 1e9) / 1e9),
  );

describe("corrections for tokens that another engine sampled", () => {
  it("truncate each token's ratio from above, and from below where asked", () => {
    expect(factors({ kind: "truncate", high: 2 })).toEqual([
      [2, 1, 0.25],
      [2, 1],
    ]);
    expect(factors({ kind: "truncate", low: 0.5, high: 2 })).toEqual([
      [2, 1, 0.5],
      [2, 1],
    ]);
  });

  it("truncate the product over a sequence", () => {
    expect(factors({ kind: "truncate-sequence", high: 3 })).toEqual([
      [1, 1, 1],
      [3, 3],
    ]);
  });

  it("drop tokens out of range and keep the ratio of the others, or count them once", () => {
    expect(factors({ kind: "drop-token", low: 0.5, high: 5, weigh: true })).toEqual([
      [4, 1, 0],
      [4, 1],
    ]);
    expect(factors({ kind: "drop-token", low: 0.5, high: 2, weigh: false })).toEqual([
      [0, 1, 0],
      [0, 1],
    ]);
  });

  it("drop whole sequences by their geometric mean", () => {
    expect(factors({ kind: "drop-sequence", low: 0.9, high: 1.1, weigh: false })).toEqual([
      [1, 1, 1],
      [0, 0],
    ]);
    expect(factors({ kind: "drop-sequence", low: 0.9, high: 3, weigh: true })).toEqual([
      [4, 1, 0.25],
      [4, 1],
    ]);
  });

  it("give nothing at masked tokens and do not read them", () => {
    expect(offPolicyCorrections([[NaN, 0]], [[0, 0]], [[0, 1]], { kind: "truncate", high: 2 })).toEqual([
      Float64Array.of(0, 1),
    ]);
    expect(() => offPolicyCorrections([[NaN]], [[0]], [[1]], { kind: "truncate", high: 2 })).toThrow(
      expect.objectContaining({ quantity: "old log-prob", sequence: 0, token: 0 }),
    );
  });
});
