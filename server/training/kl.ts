import { checkTokens, overUnmasked, type Tokens } from "./tokens.ts";

/**
 * A per-token estimate of KL(policy ‖ reference) from one sampled token, in nats, with d = log π − log π_ref:
 * `k1` d, `k2` d²/2, `k3` e^(−d) + d − 1, `abs` |d| (J. Schulman, "Approximating KL divergence").
 *
 * `logRatioLimit` bounds d before it is used, `limit` bounds the estimate; both stop the gradient where they act. R1-Searcher bounds
 * nothing; Search-R1 bounds k3 (`low_var_kl`) to ±10; OpenRLHF bounds every estimate to ±10; SkyRL bounds k3 by 20 and 10.
 */
export interface KlEstimator {
  readonly kind: "k1" | "k2" | "k3" | "abs";
  readonly logRatioLimit?: number;
  readonly limit?: number;
}

export interface KlValue {
  readonly value: number;
  /** Derivative with respect to log π. */
  readonly slope: number;
}

/** The estimate for one token and its derivative. */
export function klOf(logprob: number, reference: number, estimator: KlEstimator): KlValue {
  const { logRatioLimit = Infinity, limit = Infinity } = estimator;
  const raw = logprob - reference;
  const d = Math.min(logRatioLimit, Math.max(-logRatioLimit, raw));
  const { value, slope } = unbounded(d, estimator.kind);
  if (Math.abs(value) > limit) return { value: Math.sign(value) * limit, slope: 0 };
  return { value, slope: d === raw ? slope : 0 };
}

function unbounded(d: number, kind: KlEstimator["kind"]): KlValue {
  switch (kind) {
    case "k1":
      return { value: d, slope: 1 };
    case "k2":
      return { value: (d * d) / 2, slope: d };
    case "k3":
      // expm1 keeps the digits that e^(−d) − 1 loses where policy and reference nearly agree.
      return { value: Math.expm1(-d) + d, slope: -Math.expm1(-d) };
    case "abs":
      return { value: Math.abs(d), slope: Math.sign(d) };
  }
}

/**
 * The estimate at every unmasked token, 0 at masked ones.
 * @throws NonFiniteError, ShapeError
 */
export function klTokens(logprobs: Tokens, references: Tokens, mask: Tokens, estimator: KlEstimator): Float64Array[] {
  checkTokens("log-prob", logprobs, mask);
  checkTokens("reference log-prob", references, mask);
  const kl = overUnmasked(mask, (i, t) => klOf(logprobs[i]![t]!, references[i]![t]!, estimator).value);
  // An unbounded k3 overflows from a log-ratio of −710.
  checkTokens("KL estimate", kl, mask);
  return kl;
}

/** Mean over the unmasked tokens of each sequence; 0 for a sequence without any, so that it cannot spoil a logged mean or a controller. */
export function sequenceMeans(values: Tokens, mask: Tokens): Float64Array {
  return Float64Array.from(values, (row, sequence) => {
    const masked = mask[sequence]!;
    let sum = 0;
    let count = 0;
    for (let token = 0; token < row.length; token++) {
      if (masked[token] === 0) continue;
      sum += row[token]!;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  });
}

/**
 * The KL term of a loss: Σ coefficient · kl, with its gradient with respect to log π.
 * @param coefficients what each token counts for, from `reduction.ts`
 */
export function klLoss(
  logprobs: Tokens,
  references: Tokens,
  mask: Tokens,
  coefficients: Tokens,
  estimator: KlEstimator,
): { loss: number; gradient: Float64Array[] } {
  checkTokens("log-prob", logprobs, mask);
  checkTokens("reference log-prob", references, mask);
  let loss = 0;
  const gradient = overUnmasked(mask, (i, t) => {
    const { value, slope } = klOf(logprobs[i]![t]!, references[i]![t]!, estimator);
    loss += coefficients[i]![t]! * value;
    return coefficients[i]![t]! * slope;
  });
  checkTokens("KL gradient", gradient, mask);
  return { loss, gradient };
}
