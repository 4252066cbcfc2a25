import { ulid } from "ulid";
import type { RecipeStage } from "../../../protocol/recipe.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { EvaluationQuestion } from "../../evaluation/data-sets/question.ts";
import type { Policy } from "../../models/policy.ts";
import { seeded } from "../../models/seeded.ts";
import type { Retriever } from "../../retrieval/retriever.ts";
import { rewardProfile } from "../../rewards/profiles.ts";
import { scoreGroup } from "../../rewards/optional-terms.ts";
import type { Profile } from "../../rollout/profile.ts";
import { runRollouts } from "../../rollout/scheduler.ts";
import { mixedSeed } from "../sampler-policy.ts";

/** The scored rollouts of one prompt. */
export interface Group {
  question: EvaluationQuestion;
  trajectories: Trajectory[];
}

/** Runs the rollouts of some prompts together. Each rollout's seed depends on the run's seed, iteration, prompt and place in the group. */
export async function rollGroups(
  questions: readonly EvaluationQuestion[],
  rollouts: number,
  parts: { policy: Policy; profile: Profile; retriever: Retriever },
  seeds: readonly number[],
  signal: AbortSignal,
  onEnd: () => void,
): Promise<Group[]> {
  const { policy, profile, retriever } = parts;
  const requests = questions.flatMap(({ question, golds }, prompt) =>
    Array.from({ length: rollouts }, (_, sample) => ({
      id: ulid(),
      question,
      golds,
      profile,
      policy: seeded(policy, mixedSeed(...seeds, prompt, sample)),
      retriever,
    })),
  );
  const done = await runRollouts(requests, { concurrency: requests.length, signal, onEnd });
  return questions.map((question, prompt) => ({
    question,
    trajectories: done.slice(prompt * rollouts, (prompt + 1) * rollouts).map((trajectory, sample) => ({
      ...trajectory,
      sampling: { ...trajectory.sampling, seed: mixedSeed(...seeds, prompt, sample) },
    })),
  }));
}

/** Gives every rollout its reward by the stage's profile and terms. */
export function scoreGroups(groups: readonly Group[], { reward, terms }: Pick<RecipeStage, "reward" | "terms">): void {
  const profile = rewardProfile(reward);
  if (!profile) throw new RangeError(`There is no reward profile ${reward}; docs/rewards.md lists them.`);
  for (const { question, trajectories } of groups) {
    const rewards = scoreGroup(trajectories, profile, question.golds, terms);
    trajectories.forEach((trajectory, at) => (trajectory.reward = rewards[at]!));
  }
}

/** Whether all rewards of a group are equal, so that it teaches nothing. */
export function withoutSpread({ trajectories }: Group): boolean {
  const totals = trajectories.map(({ reward }) => reward!.total);
  return Math.max(...totals) - Math.min(...totals) < 1e-9;
}
