import type { KlEstimator } from "../../../server/training/kl.ts";
import type { GoldenRow } from "./golden-rows.ts";

interface Params {
  estimator: string;
  n_samples_per_prompt: number;
  kl_coef: number;
  use_kl_estimator_k3: boolean;
  kl_estimator: KlEstimator["kind"];
  kl_penalty: string;
  reward_clip_range: [number, number] | null;
  gamma: number;
  lam?: number;
  lambd: number;
  epsilon: number;
  no_std_norm: boolean;
  grpo_norm_by_std?: boolean;
}

interface Inputs {
  log_probs: number[][];
  log_probs_base: number[][];
  logprobs: number[][];
  old_logprobs: number[][];
  ref_logprobs: number[][];
  kl: number[][];
  r: number[];
  values: number[][];
  advantages: number[][];
  token_level_rewards: number[][];
  token_level_scores: number[][];
  index: string[];
  mask: number[][];
  attention_mask: number[][];
  info_mask?: number[][];
  action_mask: number[][];
  retrieve_mask: (number[] | null)[];
}

export interface AdvantageOut {
  centred: number[];
  kl: number[][];
  kl_mean: number[];
  token_rewards: number[][];
  token_level_rewards: number[][];
  returns: number[][];
  return_sum: number[];
  advantages: number[][];
  group_reward_std?: (number | null)[];
}

/** A row of advantages.jsonl. */
export type AdvantageRow = GoldenRow<Params, Inputs, AdvantageOut>;

/** What a function that returns one array gave. */
export const tokensOut = (row: AdvantageRow) => row.out64 as unknown as number[][];

/** One sequence of the fork's pipeline rows. */
export interface Rollout {
  reward: number;
  mask: number[];
  logprobs: number[];
  ref_logprobs: number[];
}
