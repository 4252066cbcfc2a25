import { openPolicy, parsePolicyId } from "../models/policy-id.ts";
import { type Policy, PolicyError } from "../models/policy.ts";
import { perhapsMeant } from "../nearest-name.ts";
import { rewardProfile, rewardProfiles } from "../rewards/profiles.ts";
import type { RewardProfile } from "../rewards/reward-profile.ts";
import { type Profile, loadProfile } from "../rollout/profile.ts";
import { openTrained, trainedProfile } from "../trained-policies.ts";
import { CommandError, exitCodes, note } from "./output.ts";

export { fittingReward } from "../rewards/fitting-reward.ts";

/** The profile that was named; where none was, the one that the policy was trained with, else the usual one. */
export async function profileFor(policy: string, named: string | undefined, usual: string): Promise<Profile> {
  return (named === undefined ? trainedProfile(policy) : undefined) ?? chosenProfile(named ?? usual);
}

/** The rollout profile of that name, or in that file. */
export async function chosenProfile(name: string): Promise<Profile> {
  const loaded = await loadProfile(name);
  if (!loaded.ok) throw new CommandError(loaded.reason, exitCodes.usage);
  return loaded.profile;
}

export function chosenReward(name: string): RewardProfile {
  const found = rewardProfile(name);
  if (found) return found;
  const names = rewardProfiles.map((profile) => profile.name);
  throw new CommandError(
    `There is no reward profile ${name}${perhapsMeant(name, names)}; there are ${names.join(", ")}.`,
    exitCodes.usage,
  );
}

/** A whole number that an option was given, or a usage error that names the option. */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (/^-?\d+$/u.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new CommandError(`${option} takes a whole number from ${least}, not ${text}.`, exitCodes.usage);
}

/** A policy by its id; no request is made before it is asked to write. */
export async function chosenPolicy(id: string): Promise<Policy> {
  const parsed = parsePolicyId(id);
  if (!parsed.ok) throw new CommandError(parsed.reason, exitCodes.usage);
  try {
    return await openPolicy(id, { trained: (name) => openTrained(name, note) });
  } catch (error) {
    if (error instanceof PolicyError) throw new CommandError(error.message, exitCodes.usage, { cause: error });
    throw error;
  }
}
