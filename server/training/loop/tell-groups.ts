import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { Advantages } from "../advantages.ts";
import type { Group } from "./sample-groups.ts";
import { withoutSpread } from "./sample-groups.ts";
import type { IterationRequest } from "./train-iteration.ts";
import type { UpdateResult } from "./update-policy.ts";

/**
 * Records an iteration's groups and answers its trajectories with what the update made of them: place in the group, advantage, and per token
 * the advantage and the trainer's and the reference policy's log-probs.
 */
export function tellGroups(
  { host, stage, position }: IterationRequest,
  groups: readonly Group[],
  trained: readonly Group[],
  advantages: Advantages,
  update: UpdateResult,
  references: readonly Float64Array[] | undefined,
): Trajectory[] {
  const { iteration } = position;
  return groups.flatMap((group, prompt) => {
    const { question, trajectories } = group;
    const first = trained.indexOf(group) * stage.rollouts;
    const rewards = trajectories.map(({ reward }) => reward!.total);
    const groupMean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    const centred = trajectories.map((_, sample) => (first < 0 ? 0 : advantages.centred[first + sample]!));
    host.record({
      type: "group",
      group: {
        iteration,
        stage: stage.name,
        questionId: question.id,
        question: question.question,
        trajectories: trajectories.map(({ id }) => id),
        rewards,
        advantages: centred,
        searches: trajectories.map(({ searches }) => searches.length),
        stops: trajectories.map(({ stop }) => stop?.reason ?? "running"),
        zeroVariance: withoutSpread(group),
        trained: first >= 0,
      },
    });
    return trajectories.map((trajectory, sample): Trajectory => {
      const index = first + sample;
      const training = {
        step: iteration,
        stage: stage.name,
        group: `${iteration}-${prompt}`,
        sample,
        groupSize: rewards.length,
        groupMean,
        rank: 1 + rewards.filter((reward) => reward > rewards[sample]!).length,
        ...(first < 0 ? {} : { advantage: centred[sample]! }),
        ...(first < 0 || !references ? {} : { kl: advantages.klMeans[index]!, klCoefficient: position.klCoefficient }),
      };
      if (first < 0 || !trajectory.tokens) return { ...trajectory, training };
      const { tokens } = trajectory;
      const sampled = (row: ArrayLike<number>): (number | null)[] =>
        tokens.ids.map((_, token) => (tokens.logprobs?.[token] == null ? null : row[token]!));
      const trainer = update.logprobs.get(index);
      return {
        ...trajectory,
        training,
        tokens: {
          ...tokens,
          advantages: sampled(advantages.advantages[index]!),
          ...(trainer ? { trainerLogprobs: sampled(trainer) } : {}),
          ...(references ? { referenceLogprobs: sampled(references[index]!) } : {}),
        },
      };
    });
  });
}
