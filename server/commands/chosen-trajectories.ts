import { statSync } from "node:fs";
import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { scoreTrajectory } from "../rewards/score-trajectory.ts";
import { excludedFrom } from "../trajectories/annotations/excluded.ts";
import { type BadRow, readTrajectories } from "../trajectories/import/read-trajectories.ts";
import { chosenTokenizer } from "./chosen-tokenizer.ts";
import { chosenProfile, chosenReward } from "./named-choices.ts";
import { CommandError, exitCodes, note } from "./output.ts";
import { withStore } from "./trajectories.ts";
import { visible } from "./visible-text.ts";
import { whyUnread } from "../file-failure.ts";

/** Options of every command that shows trajectories. */
export interface TrajectoryChoice {
  /** The trajectory of this id; absent: all of a file, the latest of a folder. */
  id?: string;
  profile?: string;
  reward?: string;
  /** Path of a tokenizer, for records that hold token ids alone. */
  tokenizer?: string;
  /** Leave out those that a person excluded from training. */
  withoutExcluded?: boolean;
}

export interface ChosenTrajectory {
  trajectory: Trajectory;
  reward: Reward | undefined;
}

/**
 * The trajectories that a path names, each with its reward: those of a file in any form that can be read, or of the store of
 * a folder of documents. Records that cannot be read are named on standard error and put into `bad`; the rest goes on.
 * Throws a CommandError where there is nothing to show.
 */
export async function* chosenTrajectories(
  path: string,
  choice: TrajectoryChoice,
  bad: BadRow[] = [],
): AsyncGenerator<ChosenTrajectory> {
  const { id } = choice;
  const profile = choice.profile === undefined ? undefined : await chosenProfile(choice.profile);
  const terms = choice.reward === undefined ? undefined : chosenReward(choice.reward);
  const tokenizer = choice.tokenizer === undefined ? undefined : await chosenTokenizer(choice.tokenizer);
  const rewarded = (trajectory: Trajectory, own = profile): ChosenTrajectory => ({
    trajectory,
    reward: terms ? scoreTrajectory(trajectory, terms, trajectory.golds ?? []) : shownReward(trajectory, own),
  });
  if (isFolder(path)) {
    yield rewarded(await stored(path, id));
    return;
  }
  let found = false;
  const isExcluded = choice.withoutExcluded ? excludedFrom(path) : () => false;
  for await (const read of readTrajectories(path, profile, tokenizer)) {
    if (!read.ok) {
      const { line, field, reason } = read;
      bad.push({ line, field, reason });
      note(`${path}, line ${line}: ${field} ${reason}.`);
    } else if ((id === undefined || read.row.trajectory.id === id) && !isExcluded(read.row.trajectory)) {
      found = true;
      yield rewarded(read.row.trajectory, read.row.profile);
      if (id !== undefined) return;
    }
  }
  if (found) return;
  throw new CommandError(
    id === undefined ? `${path} holds no trajectory that can be read.` : `${path} holds no trajectory ${visible(id)}.`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new CommandError(
      `${path} ${whyUnread(error)}; give a file of trajectories, or a folder of documents that was asked about.`,
      exitCodes.usage,
      { cause: error },
    );
  }
}

async function stored(folder: string, id: string | undefined): Promise<Trajectory> {
  let trajectory: Trajectory | undefined;
  await withStore(folder, async (store) => {
    const wanted = id ?? (await store.list(1))[0]?.id;
    if (wanted === undefined) throw new CommandError("No question was asked about this folder so far.");
    trajectory = await store.get(wanted);
  });
  if (trajectory) return trajectory;
  throw new CommandError(
    `There is no trajectory ${visible(id ?? "")} for this folder; searchlight trajectories list shows those there are.`,
  );
}
