import { checkOutcomes } from "./tokens.ts";
import { type Groups, groupStatistics } from "./group-statistics.ts";

/**
 * How a rollout's reward becomes its advantage, before anything per token.
 *
 * - `reinforce`: the reward itself (OpenRLHF `reinforce`).
 * - `baseline`: minus the group's mean. With whitening behind it this is REINFORCE++-baseline (R1-Searcher `reinforce_baseline`); without,
 *   Dr. GRPO (OpenRLHF `dr_grpo`, SkyRL GRPO without std).
 * - `grpo`: minus the mean, divided by std + epsilon (R1-Searcher `group_norm` 1e-9, Search-R1 and SkyRL 1e-6).
 * - `rloo`: minus the mean of the other members.
 *
 * `single` is the advantage of a group of one, which has nothing to be compared with: `zero`, or `reward` as Search-R1 and SkyRL's GRPO
 * have it (mean 0, std 1).
 */
export type Estimator =
  | { readonly kind: "reinforce" }
  | { readonly kind: "baseline"; readonly single?: "zero" | "reward" }
  | { readonly kind: "grpo"; readonly epsilon: number; readonly single?: "zero" | "reward" }
  | { readonly kind: "rloo" };

/**
 * One advantage per rollout. A group whose rewards are all equal gets 0 from every estimator but `reinforce`.
 * @param rewards one per sequence, in reward points
 * @returns one per sequence: reward points, or standard deviations for `grpo`
 * @throws NonFiniteError naming the sequence whose reward is not a number
 */
export function outcomeAdvantages(rewards: ArrayLike<number>, groups: Groups, estimator: Estimator): Float64Array {
  checkOutcomes("reward", rewards, rewards.length);
  const advantages = Float64Array.from(rewards);
  if (estimator.kind === "reinforce") return advantages;
  for (const group of groups) {
    const statistics = groupStatistics(rewards, group);
    for (const sequence of group)
      advantages[sequence] = centred(rewards[sequence]!, group.length, statistics, estimator);
  }
  return advantages;
}

function centred(
  reward: number,
  size: number,
  group: ReturnType<typeof groupStatistics>,
  estimator: Exclude<Estimator, { kind: "reinforce" }>,
): number {
  if (size === 1 && estimator.kind !== "rloo" && estimator.single === "reward") {
    return estimator.kind === "grpo" ? reward / (1 + estimator.epsilon) : reward;
  }
  if (!group.spread) return 0;
  const difference = reward - group.mean;
  if (estimator.kind === "grpo") return difference / (group.std + estimator.epsilon);
  // reward − mean of the others = (reward − mean of all) · n / (n − 1)
  return estimator.kind === "rloo" ? (difference * size) / (size - 1) : difference;
}

/** Limits each advantage to [low, high]; R1-Searcher and OpenRLHF do so to [-10, 10] after centring. */
export function clipOutcomes(advantages: ArrayLike<number>, [low, high]: readonly [number, number]): Float64Array {
  return Float64Array.from(advantages, (value) => Math.min(high, Math.max(low, value)));
}
