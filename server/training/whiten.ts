import { checkTokens, eachStretch, overStretches, sumOf, type Tokens } from "./tokens.ts";

/**
 * How advantages are brought to mean 0 and variance 1 over the unmasked tokens of the whole buffer.
 *
 * - `floor`: variance over the count n, at least 1e-8 (R1-Searcher `NaiveReplayBuffer.normalize`, OpenRLHF).
 * - `add-unbiased`: variance over n − 1, plus 1e-8 (Search-R1 and SkyRL `masked_whiten`).
 * - `centre`: the mean only (OpenRLHF with `no_advantage_std_norm`).
 */
export type Whitening = "floor" | "add-unbiased" | "centre";

const smallest = 1e-8;

/**
 * Whitens over unmasked tokens. Masked tokens give 0 and are not read; a buffer without unmasked tokens gives zeros, and one with a
 * single unmasked token gives it 0. Data-parallel ranks share one buffer: pass all their sequences together.
 * @throws NonFiniteError, ShapeError
 */
export function whiten(values: Tokens, mask: Tokens, how: Whitening = "floor"): Float64Array[] {
  checkTokens("advantage", values, mask);
  let sum = 0;
  let count = 0;
  values.forEach((row, sequence) => {
    eachStretch(mask[sequence]!, (from, to) => {
      sum += sumOf(row, from, to);
      count += to - from;
    });
  });
  const mean = sum / count;
  if (how === "centre") return scaled(values, mask, mean, 1);
  let squares = 0;
  values.forEach((row, sequence) => {
    eachStretch(mask[sequence]!, (from, to) => (squares += squaresFrom(mean, row, from, to)));
  });
  const variance = squares / Math.max(1, how === "add-unbiased" ? count - 1 : count);
  const std = Math.sqrt(how === "floor" ? Math.max(variance, smallest) : variance + smallest);
  return scaled(values, mask, mean, std);
}

function scaled(values: Tokens, mask: Tokens, mean: number, std: number): Float64Array[] {
  return overStretches(mask, (out, from, to, sequence) => {
    const row = values[sequence]!;
    for (let token = from; token < to; token++) out[token] = (row[token]! - mean) / std;
  });
}

function squaresFrom(mean: number, row: ArrayLike<number>, from: number, to: number): number {
  let squares = 0;
  for (let token = from; token < to; token++) squares += (row[token]! - mean) ** 2;
  return squares;
}
