import * as fc from "fast-check";

/** A generated minibatch: ragged rows of log-probs, advantages, and a mask with holes, now and then all 0. */
export interface Batch {
  readonly logprobs: number[][];
  readonly oldLogprobs: number[][];
  readonly referenceLogprobs: number[][];
  readonly advantages: number[][];
  readonly mask: number[][];
  readonly rewards: number[];
}

// Thousandths, because doubles drawn evenly over their bit patterns are nearly all too small to show an error.
const thousandths = (from: number, to: number) =>
  fc.integer({ min: from * 1000, max: to * 1000 }).map((value) => value / 1000);
const logprob = thousandths(-8, -0.01);
const drift = thousandths(-0.6, 0.6);
const amount = thousandths(-3, 3);

const token = fc.record({
  logprob,
  drift,
  reference: drift,
  advantage: amount,
  masked: fc.integer({ min: 0, max: 3 }),
});
const sequence = fc.record({
  tokens: fc.array(token, { minLength: 1, maxLength: 8 }),
  reward: amount,
  blank: fc.integer({ min: 0, max: 9 }),
});

/** Minibatches of 1 to 6 sequences; about one sequence in ten is wholly masked. */
export const batches: fc.Arbitrary<Batch> = fc.array(sequence, { minLength: 1, maxLength: 6 }).map((sequences) => ({
  logprobs: sequences.map(({ tokens }) => tokens.map((t) => t.logprob)),
  oldLogprobs: sequences.map(({ tokens }) => tokens.map((t) => t.logprob - t.drift)),
  referenceLogprobs: sequences.map(({ tokens }) => tokens.map((t) => t.logprob - t.reference)),
  advantages: sequences.map(({ tokens }) => tokens.map((t) => t.advantage)),
  mask: sequences.map(({ tokens, blank }) => tokens.map((t) => (blank === 0 || t.masked === 0 ? 0 : 1))),
  rewards: sequences.map(({ reward }) => reward),
}));

/** Generated rewards of whole groups: `size` neighbours answer one prompt. */
export const rewardGroups: fc.Arbitrary<{ rewards: number[]; size: number }> = fc
  .record({ size: fc.integer({ min: 2, max: 8 }), groups: fc.integer({ min: 1, max: 4 }) })
  .chain(({ size, groups }) =>
    fc.record({
      size: fc.constant(size),
      rewards: fc.array(amount, { minLength: size * groups, maxLength: size * groups }),
    }),
  );

/** Largest difference between two ragged arrays. */
export function farthest(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let most = a.length === b.length ? 0 : Infinity;
  a.forEach((row, i) => {
    for (let t = 0; t < row.length; t++) most = Math.max(most, Math.abs(row[t]! - b[i]![t]!));
  });
  return most;
}

/** Central differences of a scalar function of ragged log-probs, at each place. */
export function numericGradient(logprobs: number[][], f: (logprobs: number[][]) => number, h = 1e-6): number[][] {
  return logprobs.map((row, i) =>
    row.map((_, t) => {
      const moved = (by: number) =>
        f(logprobs.map((r, k) => (k === i ? r.map((value, u) => (u === t ? value + by : value)) : r)));
      return (moved(h) - moved(-h)) / (2 * h);
    }),
  );
}
