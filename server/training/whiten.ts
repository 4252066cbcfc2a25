import { checkTokens, eachStretch, overUnmasked, type Tokens } from "./tokens.ts";

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
  eachUnmasked(values, mask, (value) => {
    sum += value;
    count++;
  });
  const mean = sum / count;
  if (how === "centre") return overUnmasked(mask, (i, t) => values[i]![t]! - mean);
  let squares = 0;
  eachUnmasked(values, mask, (value) => (squares += (value - mean) ** 2));
  const variance = squares / Math.max(1, how === "add-unbiased" ? count - 1 : count);
  const std = Math.sqrt(how === "floor" ? Math.max(variance, smallest) : variance + smallest);
  return overUnmasked(mask, (i, t) => (values[i]![t]! - mean) / std);
}

function eachUnmasked(values: Tokens, mask: Tokens, visit: (value: number) => void): void {
  values.forEach((row, sequence) => {
    eachStretch(mask[sequence]!, (from, to) => {
      for (let token = from; token < to; token++) visit(row[token]!);
    });
  });
}
