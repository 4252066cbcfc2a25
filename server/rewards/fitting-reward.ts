import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { type Profile, builtInProfiles } from "../rollout/profile.ts";
import { rewardProfile } from "./profiles.ts";
import type { RewardProfile } from "./reward-profile.ts";
import { scoreTrajectory } from "./score-trajectory.ts";

/** The first reward profile that fits a rollout profile; the answer alone where none does. */
export function fittingReward(profile: Profile | undefined): RewardProfile {
  for (const name of profile?.rewards ?? []) {
    const found = rewardProfile(name);
    if (found) return found;
  }
  return rewardProfile("answer-only")!;
}

/**
 * The reward to show with a trajectory: the one it was given, else that of the fitting profile where gold answers are
 * known. Without either there is nothing to compare, and no reward.
 */
export function shownReward(
  trajectory: Trajectory,
  profile = builtInProfiles.find(({ name }) => name === trajectory.profile),
): Reward | undefined {
  const golds = trajectory.golds ?? [];
  return (
    trajectory.reward ?? (golds.length > 0 ? scoreTrajectory(trajectory, fittingReward(profile), golds) : undefined)
  );
}
