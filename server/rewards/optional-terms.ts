import type { Reward, RewardComponent } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { normalisers } from "../evaluation/normalise-answer.ts";
import { evidenceReached, holdsGold } from "../evaluation/rollout-metrics.ts";
import { readAnswer, scoreTrajectory, withTotal } from "./score-trajectory.ts";
import type { RewardProfile } from "./reward-profile.ts";
import { scoredText } from "./scored-text.ts";
import { type AnswerMetrics, answerMetrics } from "../evaluation/answer-metrics.ts";

/**
 * Terms beside the answer and the format. Each is measured for every rollout and logged with weight 0; a weight makes it a
 * part of the reward. Values lie in [-1, 1] and weights in [0, 0.5], so no term outweighs a right answer.
 */
export interface TermWeights {
  /** Repeated queries and documents, as a loss. */
  redundancy: number;
  /** A gold answer stands in what was retrieved. Paid for wrong answers only: a right one is paid for itself. */
  evidence: number;
  /** A gold answer stands in a `<refine>` block, paid for wrong answers only (AutoRefine). */
  refine: number;
  /** Fewest searches among the right rollouts of a group (after R1-Searcher++). */
  efficiency: number;
}

export const noTerms: TermWeights = { redundancy: 0, evidence: 0, refine: 0, efficiency: 0 };

/** The most that a term may weigh. */
export const termCap = 0.5;

/** A rollout with its reward, for the terms. */
export interface ScoredRollout {
  trajectory: Pick<Trajectory, "text" | "segments" | "searches" | "answer">;
  reward: Reward;
}

/**
 * Adds the optional terms to the rewards of one group: rollouts of the same question. Efficiency needs the whole group; the
 * other terms look at one rollout. Throws a RangeError for a weight outside [0, 0.5].
 */
export function addTerms(
  group: readonly ScoredRollout[],
  profile: RewardProfile,
  golds: readonly string[],
  weights: TermWeights = noTerms,
): Reward[] {
  for (const [name, weight] of Object.entries(weights)) {
    if (!(weight >= 0 && weight <= termCap))
      throw new RangeError(`The weight of ${name} is ${weight}; it lies between 0 and ${termCap}.`);
  }
  return withEfficiency(
    group.map(({ trajectory, reward }) => {
      const right = isRight(trajectory, profile, golds);
      const whenWrong = right ? 0 : 1;
      const terms: RewardComponent[] = [
        term("redundancy", 0 - redundancy(trajectory), weights.redundancy),
        term("evidence", Number(evidenceReached(trajectory, golds) === true), weights.evidence * whenWrong),
        term("refine", Number(holdsGold(refineText(trajectory), golds)), weights.refine * whenWrong),
      ];
      const components = [...reward.components, ...terms];
      return { reward: { ...reward, components }, searches: trajectory.searches.length, right };
    }),
    weights.efficiency,
  );
}

/** What efficiency needs to know of a rollout; whoever scores a large file keeps this and not the trajectory. */
export interface GroupMember {
  reward: Reward;
  searches: number;
  right: boolean;
}

/** The rewards of one group with its efficiency in place of any that they hold. */
export function withEfficiency(group: readonly GroupMember[], weight: number): Reward[] {
  const efficiency = groupEfficiency(
    group.map(({ searches }) => searches),
    group.map(({ right }) => right),
  );
  return group.map(({ reward }, index) => {
    const others = reward.components.filter(({ name }) => name !== "efficiency");
    return withTotal(reward.profile, [...others, term("efficiency", efficiency[index]!, weight)]);
  });
}

/** Rewards of one group with their terms: every rollout scored by the profile, then `addTerms`. */
export function scoreGroup(
  trajectories: readonly ScoredRollout["trajectory"][],
  profile: RewardProfile,
  golds: readonly string[],
  weights: TermWeights = noTerms,
): Reward[] {
  const group = trajectories.map((trajectory) => ({ trajectory, reward: scoreTrajectory(trajectory, profile, golds) }));
  return addTerms(group, profile, golds, weights);
}

function term(name: string, value: number, weight: number): RewardComponent {
  return { name, value, weight, violations: [] };
}

/** Whether the answer that the profile reads covers a gold answer. */
export function isRight(
  trajectory: ScoredRollout["trajectory"],
  profile: RewardProfile,
  golds: readonly string[],
): boolean {
  return metricsOf(trajectory, profile, golds).cem1 === 1;
}

/** The answer that the profile reads against the gold answers. */
export function metricsOf(
  trajectory: ScoredRollout["trajectory"],
  profile: RewardProfile,
  golds: readonly string[],
): AnswerMetrics {
  const answer = readAnswer(trajectory, scoredText(trajectory, profile), profile);
  return answerMetrics(answer?.text, golds, profile.normaliser);
}

/** The larger of two shares: queries asked before, and documents inserted before. 0 for fewer than two searches. */
export function redundancy({ searches }: Pick<Trajectory, "searches">): number {
  const normalise = normalisers["punctuation-to-space"];
  const queries = searches.map(({ query }) => normalise(query));
  const documents = searches.flatMap(({ hits, insertedHits }) =>
    hits.slice(0, insertedHits).map(({ passage }) => `${passage.title}\n${passage.text}`),
  );
  return Math.max(repeatedShare(queries), repeatedShare(documents));
}

function repeatedShare(items: readonly string[]): number {
  return items.length === 0 ? 0 : (items.length - new Set(items).size) / items.length;
}

/** What the policy wrote between `<refine>` tags. */
function refineText({ text, segments }: Pick<Trajectory, "text" | "segments">): string {
  const own = segments
    .filter(({ origin }) => origin === "policy")
    .map(({ start, end }) => text.slice(start, end))
    .join("");
  const parts = own.split("<refine>").slice(1);
  return parts
    .flatMap((part) => (part.includes("</refine>") ? [part.slice(0, part.indexOf("</refine>"))] : []))
    .join("\n");
}

/**
 * Per rollout of a group: 0 to 1 for right rollouts with the fewest searches, 0 for all others. The size is the standard deviation
 * of the right rollouts' search counts, clipped at 2 and divided by it. R1-Searcher++ publishes the idea and the clip, not
 * the formula.
 */
export function groupEfficiency(calls: readonly number[], right: readonly boolean[]): number[] {
  const counts = calls.filter((_, index) => right[index]);
  if (counts.length < 2) return calls.map(() => 0);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const spread = Math.sqrt(counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length);
  const fewest = Math.min(...counts);
  return calls.map((count, index) => (right[index] && count === fewest ? Math.min(spread, 2) / 2 : 0));
}
