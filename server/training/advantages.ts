import { clipOutcomes, type Estimator, outcomeAdvantages } from "./estimators.ts";
import type { Groups } from "./group-statistics.ts";
import { type KlEstimator, klTokens, sequenceMeans } from "./kl.ts";
import { discountedReturns, type ReturnOptions, tokenRewards } from "./returns.ts";
import { type Tokens, zeroRows } from "./tokens.ts";
import { type Whitening, whiten } from "./whiten.ts";

/** What one iteration's rollouts bring to the update; rows are sequences, entries are response tokens. */
export interface RolloutBatch {
  /** One reward per sequence, in points. */
  readonly rewards: ArrayLike<number>;
  readonly groups: Groups;
  readonly mask: Tokens;
  /** log π of the sampled tokens in nats, and of the reference model; read only when the KL penalty is in the reward. */
  readonly logprobs?: Tokens;
  readonly referenceLogprobs?: Tokens;
}

export interface AdvantageOptions extends ReturnOptions {
  readonly estimator: Estimator;
  /** Bounds of the centred reward, or null for none. */
  readonly clip: readonly [number, number] | null;
  /** KL penalty inside the reward: nats times `coefficient` are taken off at each token. Null or a coefficient of 0 or less: none. */
  readonly klInReward: { readonly estimator: KlEstimator; readonly coefficient: number } | null;
  readonly outcomeOn?: "last-token" | "last-trained-token";
  /** Over the whole buffer, or null for none. */
  readonly whitening: Whitening | null;
}

/** R1-Searcher's stage 2 (REINFORCE++-baseline): centre, clip to ±10, whiten over the unmasked tokens of the buffer. */
export const reinforcePlusPlusBaseline: AdvantageOptions = {
  estimator: { kind: "baseline" },
  clip: [-10, 10],
  klInReward: null,
  gamma: 1,
  whitening: "floor",
};

/** R1-Searcher's `group_norm`: GRPO with the sample standard deviation, nothing whitened. */
export const groupNorm: AdvantageOptions = {
  ...reinforcePlusPlusBaseline,
  estimator: { kind: "grpo", epsilon: 1e-9 },
  whitening: null,
};

export interface Advantages {
  /** After the estimator, before the clip; one per sequence. */
  readonly centred: Float64Array;
  readonly kl: Float64Array[];
  /** Mean KL over each sequence's unmasked tokens. */
  readonly klMeans: Float64Array;
  readonly tokenRewards: Float64Array[];
  readonly returns: Float64Array[];
  /** What the loss multiplies with; 0 at masked tokens. */
  readonly advantages: Float64Array[];
}

/**
 * Rewards to per-token advantages in the order of R1-Searcher's trainer: estimator, clip, outcome on the last token, KL off each token,
 * returns, mask, whitening. Source: R1-Searcher `make_experience`, `get_cumulative_returns`, `NaiveReplayBuffer.normalize`.
 * The KL is computed whenever both log-probs are given, so that it can be watched, and acts on rewards only by its coefficient.
 * @throws NonFiniteError, ShapeError
 */
export function computeAdvantages(batch: RolloutBatch, options: AdvantageOptions): Advantages {
  const { rewards, groups, mask, logprobs, referenceLogprobs } = batch;
  const coefficient = options.klInReward?.coefficient ?? 0;
  if (coefficient > 0 && (!logprobs || !referenceLogprobs)) {
    throw new TypeError(
      "A KL penalty in the reward needs the log-probs of policy and reference: pass both or set the coefficient to 0.",
    );
  }
  const centred = outcomeAdvantages(rewards, groups, options.estimator);
  const outcomes = options.clip ? clipOutcomes(centred, options.clip) : centred;
  const kl =
    logprobs && referenceLogprobs
      ? klTokens(logprobs, referenceLogprobs, mask, options.klInReward?.estimator ?? { kind: "k1" })
      : zeroRows(mask);
  const perToken = tokenRewards(outcomes, kl, mask, coefficient, options.outcomeOn);
  const returns = discountedReturns(perToken, mask, options);
  const advantages = options.whitening ? whiten(returns, mask, options.whitening) : returns;
  return { centred, kl, klMeans: sequenceMeans(kl, mask), tokenRewards: perToken, returns, advantages };
}
