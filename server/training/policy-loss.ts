import { type Objective, objectiveOf } from "./objectives.ts";
import { checkTokens, NonFiniteError, overUnmasked, unmaskedCount, type Tokens } from "./tokens.ts";

/** One minibatch; rows are sequences, entries are response tokens, log-probs in nats. Masked entries are never read. */
export interface PolicyBatch {
  readonly logprobs: Tokens;
  /** Of the policy that wrote the tokens, or of a copy from before the update. */
  readonly oldLogprobs: Tokens;
  readonly advantages: Tokens;
  readonly mask: Tokens;
  /** What each token counts for, from `reductions.ts`. */
  readonly coefficients: Tokens;
  /** Factors for tokens that another engine sampled, from `off-policy.ts`; 1 where absent. */
  readonly corrections?: Tokens;
}

export interface PolicyLossOptions {
  readonly objective: Objective;
  /**
   * Whose ratio: each `token`'s (PPO); the geometric mean over its `sequence` (GSPO); or that mean with each token's own gradient
   * (`sequence-token`, GSPO-token as SkyRL has it). With one advantage per sequence and equal coefficients the two GSPO gradients agree.
   */
  readonly ratio?: "token" | "sequence" | "sequence-token";
  /**
   * Bound of |log ρ|. OpenRLHF and SkyRL use 20; the R1-Searcher fork none (Infinity), which makes a ratio above e^709 an error here.
   */
  readonly logRatioLimit?: number;
}

export interface PolicyLoss {
  readonly loss: number;
  /** dloss / d log π, per token; 0 where masked. */
  readonly gradient: Float64Array[];
  /** Share of unmasked tokens whose objective the clip made smaller. */
  readonly clipFraction: number;
  /** Mean of log π_old − log π over unmasked tokens. */
  readonly approximateKl: number;
}

/**
 * Policy loss of a minibatch, with its analytic gradient. Sources: R1-Searcher, OpenRLHF `PolicyLoss.forward`; Search-R1
 * `compute_policy_loss`; SkyRL `ppo_policy_loss` and its siblings.
 * @throws ShapeError, NonFiniteError for a wrong input, or for a ratio that overflows without a limit
 */
export function policyLoss(batch: PolicyBatch, options: PolicyLossOptions): PolicyLoss {
  const { logprobs, oldLogprobs, advantages, mask, coefficients, corrections } = batch;
  checkTokens("log-prob", logprobs, mask);
  checkTokens("old log-prob", oldLogprobs, mask);
  checkTokens("advantage", advantages, mask);
  checkTokens("coefficient", coefficients, mask);
  if (corrections) checkTokens("correction", corrections, mask);
  const { objective, ratio = "token", logRatioLimit = 20 } = options;
  const counts = mask.map(unmaskedCount);
  const means = sequenceLogRatios(logprobs, oldLogprobs, mask);
  let loss = 0;
  let clippedTokens = 0;
  let kl = 0;
  const gradient = overUnmasked(mask, (i, t) => {
    const logprob = logprobs[i]![t]!;
    const old = oldLogprobs[i]![t]!;
    const logRatio = ratio === "token" ? logprob - old : means[i]!;
    const token = objectiveOf({ logprob, old, logRatio, advantage: advantages[i]![t]! }, objective, logRatioLimit);
    if (!Number.isFinite(token.value) || !Number.isFinite(token.slope))
      throw new NonFiniteError("policy objective", i, t, token.value);
    const weight = coefficients[i]![t]! * (corrections ? corrections[i]![t]! : 1);
    loss += weight * token.value;
    if (token.clipped) clippedTokens++;
    kl += old - logprob;
    return weight * token.slope;
  });
  if (ratio === "sequence") spreadOverSequence(gradient, mask, counts);
  const tokens = Math.max(
    1,
    counts.reduce((total, count) => total + count, 0),
  );
  return { loss, gradient, clipFraction: clippedTokens / tokens, approximateKl: kl / tokens };
}

function sequenceLogRatios(logprobs: Tokens, oldLogprobs: Tokens, mask: Tokens): number[] {
  return mask.map((row, i) => {
    let sum = 0;
    for (let t = 0; t < row.length; t++) if (row[t] !== 0) sum += logprobs[i]![t]! - oldLogprobs[i]![t]!;
    return sum / Math.max(1, unmaskedCount(row));
  });
}

/** The shared ratio moves with every token's log-prob by 1/n, so each token gets the mean of its sequence's slopes. */
function spreadOverSequence(gradient: Float64Array[], mask: Tokens, counts: readonly number[]): void {
  gradient.forEach((row, i) => {
    const mean = row.reduce((sum, slope) => sum + slope, 0) / Math.max(1, counts[i]!);
    row.forEach((_, t) => (row[t] = mask[i]![t] === 0 ? 0 : mean));
  });
}
