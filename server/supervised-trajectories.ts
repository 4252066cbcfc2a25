import type { Trajectory } from "../protocol/trajectory.ts";
import type { Profile } from "./rollout/profile.ts";
import { excludedFrom } from "./trajectories/annotations/excluded.ts";
import { type BadRow, readTrajectories } from "./trajectories/import/read-trajectories.ts";

/** Records of a file that cannot be read as trajectories. */
export interface UnreadRecords {
  file: string;
  count: number;
  first: BadRow;
}

export interface SupervisedTrajectories {
  kept: Trajectory[];
  /** Of each file that has such records. */
  unread: UnreadRecords[];
}

/**
 * The trajectories of files that a policy may imitate: those with a reward of at least `least` that no person excluded from training.
 * Records that cannot be read are left out and counted. Throws what the file system throws.
 */
export async function supervisedTrajectories(
  files: readonly string[],
  profile: Profile,
  least = -Infinity,
): Promise<SupervisedTrajectories> {
  const kept: Trajectory[] = [];
  const unread: UnreadRecords[] = [];
  for (const path of files) {
    const isExcluded = excludedFrom(path);
    for await (const read of readTrajectories(path, profile)) {
      if (!read.ok) {
        const before = unread.at(-1);
        if (before?.file === path) before.count += 1;
        else unread.push({ file: path, count: 1, first: read });
        continue;
      }
      const { trajectory } = read.row;
      if ((trajectory.reward?.total ?? 0) >= least && !isExcluded(trajectory)) kept.push(trajectory);
    }
  }
  return { kept, unread };
}

/** One sentence about the records of a file that cannot be read. */
export function unreadSentence({ file, count, first }: UnreadRecords): string {
  const [records, are] = count === 1 ? ["record", "is"] : ["records", "are"];
  return `${count} ${records} of ${file} cannot be read as trajectories and ${are} left out of the supervised start, the first in line ${first.line} because ${first.field} ${first.reason}.`;
}
