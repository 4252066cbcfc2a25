import { checkTokens, eachStretch, overStretches, overUnmasked, sumOf, type Tokens } from "./tokens.ts";

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
  const { kind, limit = Infinity } = estimator;
  const raw = logprob - reference;
  const d = boundedRatio(raw, estimator);
  const acts = d !== raw || Math.abs(unbounded(d, kind)) > limit;
  return { value: estimate(logprob, reference, estimator), slope: acts ? 0 : slopeAt(d, kind) };
}

function estimate(logprob: number, reference: number, estimator: KlEstimator): number {
  const { kind, limit = Infinity } = estimator;
  const value = unbounded(boundedRatio(logprob - reference, estimator), kind);
  return Math.abs(value) > limit ? Math.sign(value) * limit : value;
}

function boundedRatio(raw: number, { logRatioLimit = Infinity }: KlEstimator): number {
  return Math.min(logRatioLimit, Math.max(-logRatioLimit, raw));
}

function unbounded(d: number, kind: KlEstimator["kind"]): number {
  switch (kind) {
    case "k1":
      return d;
    case "k2":
      return (d * d) / 2;
    case "k3":
      // expm1 keeps the digits that e^(−d) − 1 loses where policy and reference nearly agree.
      return Math.expm1(-d) + d;
    case "abs":
      return Math.abs(d);
  }
}

function slopeAt(d: number, kind: KlEstimator["kind"]): number {
  switch (kind) {
    case "k1":
      return 1;
    case "k2":
      return d;
    case "k3":
      return -Math.expm1(-d);
    case "abs":
      return Math.sign(d);
  }
}

/**
 * The estimate at every unmasked token, 0 at masked ones.
 * @throws NonFiniteError, ShapeError
 */
export function klTokens(logprobs: Tokens, references: Tokens, mask: Tokens, estimator: KlEstimator): Float64Array[] {
  checkTokens("log-prob", logprobs, mask);
  checkTokens("reference log-prob", references, mask);
  const kl = overStretches(mask, (values, from, to, sequence) => {
    const [own, reference] = [logprobs[sequence]!, references[sequence]!];
    for (let token = from; token < to; token++) values[token] = estimate(own[token]!, reference[token]!, estimator);
  });
  // An unbounded k3 overflows from a log-ratio of −710.
  checkTokens("KL estimate", kl, mask);
  return kl;
}

/** Mean over the unmasked tokens of each sequence; 0 for a sequence without any, so that it cannot spoil a logged mean or a controller. */
export function sequenceMeans(values: Tokens, mask: Tokens): Float64Array {
  return Float64Array.from(values, (row, sequence) => {
    let sum = 0;
    let count = 0;
    eachStretch(mask[sequence]!, (from, to) => {
      sum += sumOf(row, from, to);
      count += to - from;
    });
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
