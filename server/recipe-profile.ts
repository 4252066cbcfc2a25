import type { Recipe } from "../protocol/recipe.ts";
import { type LoadedProfile, loadProfile } from "./rollout/profile.ts";

/**
 * The profile of a recipe with the recipe's limits in it. `contextTokens` has no place in a profile; whoever samples holds to it.
 * @param base folder that the recipe's paths are relative to
 */
export async function recipeProfile(
  { profile: name, limits, retrieval }: Recipe,
  base: string,
): Promise<LoadedProfile> {
  const loaded = await loadProfile(name, base);
  if (!loaded.ok) return loaded;
  const { profile } = loaded;
  return {
    ok: true,
    profile: {
      ...profile,
      sampling: { ...profile.sampling, maxSegmentTokens: limits.segmentTokens ?? profile.sampling.maxSegmentTokens },
      limits: {
        ...profile.limits,
        searches: limits.searches ?? profile.limits.searches,
        turns: limits.turns ?? profile.limits.turns,
        passages: retrieval.passages ?? profile.limits.passages,
        seconds: limits.seconds ?? profile.limits.seconds,
        ...(limits.tokens === undefined ? {} : { tokens: limits.tokens }),
      },
    },
  };
}
