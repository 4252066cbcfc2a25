import { fileKey, type FileState, type Inspection } from "../../protocol/inspection.ts";
import type { Place } from "../../protocol/place.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { auditMask } from "../rollout/mask-audit.ts";
import { builtInProfiles } from "../rollout/profile.ts";

/** Files that are read again for one trajectory; a hostile record may name any number. */
const filesLimit = 200;

/** Where a place is on disk and whether its file changed; null where its folder is not open or the file cannot be read. */
export type ResolvePlace = (place: Place) => Promise<{ stale: boolean } | null>;

/** Works out what is shown beside a trajectory: the audit of its mask, its reward, and how the files of its hits stand. */
export async function inspectTrajectory(
  trajectory: Trajectory,
  folders: ReadonlySet<string>,
  resolve: ResolvePlace,
): Promise<Inspection> {
  const profile = builtInProfiles.find(({ name }) => name === trajectory.profile);
  return {
    verdict: profile ? auditMask(trajectory, profile) : null,
    reward: shownReward(trajectory, profile) ?? null,
    files: await Promise.all(
      placesOf(trajectory, folders).map(async (place) => {
        const { folder, path, contentHash } = place;
        return { folder, path, contentHash, state: stateOf(await resolve(place)) };
      }),
    ),
  };
}

function placesOf({ searches }: Pick<Trajectory, "searches">, folders: ReadonlySet<string>): Place[] {
  const places = new Map<string, Place>();
  for (const { hits } of searches) {
    for (const { passage } of hits) {
      const { place } = passage;
      if (place && folders.has(place.folder) && places.size < filesLimit) places.set(fileKey(place), place);
    }
  }
  return [...places.values()];
}

function stateOf(resolved: { stale: boolean } | null): FileState {
  if (!resolved) return "gone";
  return resolved.stale ? "changed" : "same";
}
