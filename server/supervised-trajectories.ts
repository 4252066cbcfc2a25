import type { Trajectory } from "../protocol/trajectory.ts";
import type { Profile } from "./rollout/profile.ts";
import { excludedFrom } from "./trajectories/annotations/excluded.ts";
import { readTrajectories } from "./trajectories/import/read-trajectories.ts";

/**
 * The trajectories of files that a policy may imitate: those with a reward of at least `least` that no person excluded from training.
 * Records that cannot be read are left out. Throws what the file system throws.
 */
export async function supervisedTrajectories(
  files: readonly string[],
  profile: Profile,
  least = -Infinity,
): Promise<Trajectory[]> {
  const kept: Trajectory[] = [];
  for (const path of files) {
    const isExcluded = excludedFrom(path);
    for await (const read of readTrajectories(path, profile)) {
      if (!read.ok) continue;
      const { trajectory } = read.row;
      if ((trajectory.reward?.total ?? 0) >= least && !isExcluded(trajectory)) kept.push(trajectory);
    }
  }
  return kept;
}
