import type { TrainingSequence } from "../engine.ts";
import { eachStretch } from "../tokens.ts";

/** One training sequence as engines take it: position i of the input predicts target i, and every array belongs to the target. */
export interface Datum {
  readonly input: Int32Array;
  readonly target: Int32Array;
  readonly weights: Float32Array;
  readonly advantages?: Float32Array;
  readonly logprobs?: Float32Array;
}

/**
 * Shifts a sequence whose arrays belong to their own token (length n) to inputs `ids[0..n-2]` and targets `ids[1..n-1]`: arrays of n − 1
 * entries. Entry 0 of weights, advantages and log-probs is dropped, since nothing predicts the first token. Old log-probs become 0
 * where nothing is trained: an engine multiplies before it masks, so a missing one would spoil the weights.
 */
export function shiftedDatum({ ids, weights, advantages, logprobs }: TrainingSequence): Datum {
  const length = ids.length - 1;
  const floats = new Float32Array([weights, advantages, logprobs].filter(Boolean).length * length);
  let end = 0;
  const shifted = (row: ArrayLike<number>): Float32Array => {
    const out = floats.subarray(end, (end += length));
    eachStretch(weights, (from, to) => {
      for (let i = Math.max(1, from); i < to; i++) out[i - 1] = row[i]!;
    });
    return out;
  };
  const whole = new Int32Array(ids);
  return {
    input: whole.subarray(0, length),
    target: whole.subarray(1),
    weights: shifted(weights),
    ...(advantages ? { advantages: shifted(advantages) } : {}),
    ...(logprobs ? { logprobs: shifted(logprobs) } : {}),
  };
}

/** Turns log-probs of the targets (n − 1 entries) back to rows aligned to the tokens (n entries, the first 0). */
export function alignedRow(targets: ArrayLike<number>): Float64Array {
  const row = new Float64Array(targets.length + 1);
  row.set(targets, 1);
  return row;
}

/** Bytes that a datum takes on either wire, near enough to bound a request by. */
export function datumBytes({ input, advantages, logprobs }: Datum, wire: "proto" | "json"): number {
  const arrays = 1 + (advantages ? 1 : 0) + (logprobs ? 1 : 0);
  return wire === "proto" ? 96 + input.length * (12 + 4 * arrays) : 96 + input.length * (14 + 20 * arrays);
}
