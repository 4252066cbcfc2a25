import { checkTokens, overUnmasked, ShapeError, type Tokens } from "./tokens.ts";

/** Entropy of softmax(logits) in nats. */
export function entropyOf(logits: ArrayLike<number>): number {
  const { probabilities, logSum } = softmax(logits);
  return logSum - probabilities.reduce((sum, p, k) => sum + p * logits[k]!, 0);
}

/**
 * Entropy per token, its masked sum by coefficients, and the derivative with respect to each logit, −c p (log p + H).
 * Source: Search-R1 `compute_entropy_loss` (there the coefficients are a token mean).
 * @param logits [sequence][token][vocabulary]
 * @throws ShapeError, NonFiniteError where an unmasked token has a logit that is not a number
 */
export function entropyTerm(
  logits: readonly (readonly ArrayLike<number>[])[],
  mask: Tokens,
  coefficients: Tokens,
): { entropy: Float64Array[]; sum: number; gradient: Float64Array[][] } {
  if (logits.length !== mask.length) throw new ShapeError("logits", undefined, logits.length, mask.length);
  const entropy = logits.map((row, i) => {
    if (row.length !== mask[i]!.length) throw new ShapeError("logits", i, row.length, mask[i]!.length);
    return Float64Array.from(row, (token, t) => (mask[i]![t] === 0 ? 0 : entropyOf(token)));
  });
  checkTokens("entropy", entropy, mask);
  let sum = 0;
  overUnmasked(mask, (i, t) => (sum += coefficients[i]![t]! * entropy[i]![t]!));
  const gradient = logits.map((row, i) =>
    row.map((token, t) => {
      if (mask[i]![t] === 0) return new Float64Array(token.length);
      const { probabilities, logSum } = softmax(token);
      return probabilities.map((p, k) => -coefficients[i]![t]! * p * (token[k]! - logSum + entropy[i]![t]!));
    }),
  );
  return { entropy, sum, gradient };
}

function softmax(logits: ArrayLike<number>): { probabilities: Float64Array; logSum: number } {
  let highest = -Infinity;
  for (let k = 0; k < logits.length; k++) highest = Math.max(highest, logits[k]!);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += Math.exp(logits[k]! - highest);
  const logSum = highest + Math.log(sum);
  return { probabilities: Float64Array.from(logits, (z) => Math.exp(z - logSum)), logSum };
}
