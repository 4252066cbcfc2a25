import type { Tokens, Trajectory } from "../../../protocol/trajectory.ts";
import type { Advantages } from "../advantages.ts";
import type { Group } from "./sample-groups.ts";
import { withoutSpread } from "./sample-groups.ts";
import type { IterationRequest } from "./train-iteration.ts";
import type { UpdateResult } from "./update-policy.ts";

/** What an iteration's update saw and did; rows are those of the sequences that were trained on. */
export interface Told {
  groups: readonly Group[];
  /** Those of the groups that were trained on, in the order of the sequences. */
  trained: readonly Group[];
  advantages: Advantages;
  update: UpdateResult;
  references: readonly Float64Array[] | undefined;
}

/** A group as it is told: its place among the sequences that were trained on (below 0 where it was not), and its rewards. */
interface Place {
  group: Group;
  first: number;
  rewards: readonly number[];
  mean: number;
  centred: readonly number[];
}

/**
 * Records an iteration's groups and answers its trajectories with what the update made of them: place in the group, advantage, and per token
 * the advantage and the trainer's and the reference policy's log-probs. Each is made as it is asked for, since all of them take much memory.
 */
export function tellGroups(request: IterationRequest, told: Told): Iterable<Trajectory> {
  const { host, stage, position } = request;
  const places = told.groups.map((group): Place => {
    const first = told.trained.indexOf(group) * stage.rollouts;
    const rewards = group.trajectories.map(({ reward }) => reward!.total);
    return {
      group,
      first,
      rewards,
      mean: rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
      centred: rewards.map((_, sample) => (first < 0 ? 0 : told.advantages.centred[first + sample]!)),
    };
  });
  for (const { group, first, rewards, centred } of places) {
    const { question, trajectories } = group;
    host.record({
      type: "group",
      group: {
        iteration: position.iteration,
        stage: stage.name,
        questionId: question.id,
        question: question.question,
        trajectories: trajectories.map(({ id }) => id),
        rewards: [...rewards],
        advantages: [...centred],
        searches: trajectories.map(({ searches }) => searches.length),
        stops: trajectories.map(({ stop }) => stop?.reason ?? "running"),
        zeroVariance: withoutSpread(group),
        trained: first >= 0,
      },
    });
  }
  return trainedTrajectories(request, told, places);
}

function* trainedTrajectories(
  { stage, position }: IterationRequest,
  { advantages, update, references }: Told,
  places: readonly Place[],
): Generator<Trajectory> {
  for (const [prompt, { group, first, rewards, mean, centred }] of places.entries()) {
    for (const [sample, trajectory] of group.trajectories.entries()) {
      const index = first + sample;
      const training = {
        step: position.iteration,
        stage: stage.name,
        group: `${position.iteration}-${prompt}`,
        sample,
        groupSize: rewards.length,
        groupMean: mean,
        rank: 1 + rewards.filter((reward) => reward > rewards[sample]!).length,
        ...(first < 0 ? {} : { advantage: centred[sample]! }),
        ...(first < 0 || !references ? {} : { kl: advantages.klMeans[index]!, klCoefficient: position.klCoefficient }),
      };
      const { tokens } = trajectory;
      if (first < 0 || !tokens) {
        yield { ...trajectory, training };
        continue;
      }
      const trainer = update.logprobs.get(index);
      yield {
        ...trajectory,
        training,
        tokens: {
          ...tokens,
          advantages: atSampled(tokens, advantages.advantages[index]!),
          ...(trainer ? { trainerLogprobs: atSampled(tokens, trainer) } : {}),
          ...(references ? { referenceLogprobs: atSampled(tokens, references[index]!) } : {}),
        },
      };
    }
  }
}

/** A row's values at the tokens that were sampled, null elsewhere. */
function atSampled({ ids, logprobs }: Tokens, row: ArrayLike<number>): (number | null)[] {
  const values: (number | null)[] = new Array<null>(ids.length).fill(null);
  for (let token = 0; token < values.length; token++) if (logprobs?.[token] != null) values[token] = row[token]!;
  return values;
}
