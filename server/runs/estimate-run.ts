import type { Recipe } from "../../protocol/recipe.ts";
import type { Profile } from "../rollout/profile.ts";
import type { RunEstimate } from "./run-host.ts";

/** Of a rollout's greatest length; measured rollouts of searchers end far before their limits. */
const usualShare = 0.35;

/**
 * What a run would take by its recipe alone. `most` is what the limits of a rollout allow, `expected` a share of it; evaluations count, the
 * supervised start's own length is not known before its files are read. Time and money need a measured rate and are left out without one.
 */
export function estimateRun(recipe: Recipe, profile: Profile, evaluationQuestions: number): RunEstimate {
  const trained = recipe.stages.reduce(
    (sum, { iterations, prompts, rollouts }) => sum + iterations * prompts * rollouts,
    0,
  );
  const iterations = recipe.stages.reduce((sum, stage) => sum + stage.iterations, 0);
  const evaluations = recipe.evaluation
    ? (Math.floor(iterations / recipe.evaluation.every) + 2) * evaluationQuestions
    : 0;
  const rollouts = trained + evaluations;
  const optimiserSteps = recipe.stages.reduce(
    (sum, { iterations, prompts, rollouts, minibatch, passes }) =>
      sum + iterations * passes * Math.ceil((prompts * rollouts) / minibatch),
    0,
  );
  const searches = recipe.limits.searches ?? profile.limits.searches;
  const turns = recipe.limits.turns ?? profile.limits.turns;
  const segment = recipe.limits.segmentTokens ?? profile.sampling.maxSegmentTokens;
  const tokens = Math.min(
    recipe.limits.tokens ?? profile.limits.tokens ?? Infinity,
    segment * Math.min(turns, searches + 1),
  );
  const sequence = Math.min(recipe.limits.contextTokens ?? Infinity, tokens + searches * 1024 + 1024);
  const of = (most: number): { expected: number; most: number } => ({ expected: Math.round(most * usualShare), most });
  const passes = Math.max(1, ...recipe.stages.map((stage) => stage.passes));
  const policyTokens = capped(of(rollouts * tokens), recipe.budget.policyTokens);
  const trainedTokens = capped(of(trained * sequence * passes), recipe.budget.trainedTokens);
  const searched = capped(of(rollouts * searches), recipe.budget.searches);
  const { currency, perMillionSampled, perMillionTrained, perThousandSearches, perHour } = recipe.budget.prices;
  const price = (which: "expected" | "most"): number =>
    (policyTokens[which] * perMillionSampled + trainedTokens[which] * perMillionTrained) / 1e6 +
    (searched[which] * perThousandSearches) / 1e3 +
    ((recipe.budget.minutes ?? 0) / 60) * perHour;
  const priced =
    perMillionSampled + perMillionTrained + perThousandSearches > 0 || (perHour > 0 && recipe.budget.minutes);
  return {
    rollouts,
    optimiserSteps,
    policyTokens,
    trainedTokens,
    searches: searched,
    ...(priced ? { money: { currency, expected: price("expected"), most: price("most") } } : {}),
    assumptions: [
      `A rollout writes at most ${tokens} tokens and searches at most ${searches} times; ${usualShare * 100} % of that is taken as usual.`,
      ...(recipe.supervised ? ["The supervised start is not counted."] : []),
      "Time is not estimated: no rate was measured for this engine and model; a budget in minutes caps it.",
      ...(perHour > 0 && !recipe.budget.minutes
        ? ["The engine's hours are not in the money: set budget.minutes to count them."]
        : []),
    ],
  };
}

function capped(
  range: { expected: number; most: number },
  cap: number | undefined,
): { expected: number; most: number } {
  if (cap === undefined) return range;
  return { expected: Math.min(range.expected, cap), most: Math.min(range.most, cap) };
}
