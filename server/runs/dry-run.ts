import type { Recipe } from "../../protocol/recipe.ts";

/** Iterations of a dry run: the second trains what the first has changed. */
export const dryRunIterations = 2;

/**
 * The same recipe so small that any machine runs it in a minute or so: the tiny model on this machine's CPU engine, two iterations, a few
 * prompts and rollouts, every other setting as it is.
 */
export function scaledDown(recipe: Recipe): Recipe {
  const stages = recipe.stages.slice(0, dryRunIterations).map((stage, index, all) => {
    const rollouts = Math.min(stage.rollouts, 4);
    const prompts = Math.min(stage.prompts, 2);
    return {
      ...stage,
      // One stage does both iterations, two do one each.
      iterations: Math.min(stage.iterations, Math.ceil((dryRunIterations - index) / all.length)),
      prompts,
      rollouts,
      minibatch: Math.min(stage.minibatch, prompts * rollouts),
      passes: 1,
      // Random weights earn the same reward nearly always; what is tried is that training runs.
      zeroVariance: "keep" as const,
    };
  });
  const { evaluation, supervised, ...rest } = recipe;
  return {
    ...rest,
    model: { ...recipe.model, base: "tiny" },
    engine: { kind: "local", backend: "jax", device: "cpu", samplingWidth: 8, microBatch: 4, devices: 1 },
    stages,
    ...(supervised ? { supervised: { ...supervised, epochs: 1, steps: 1, batch: Math.min(supervised.batch, 4) } } : {}),
    ...(evaluation
      ? {
          evaluation: {
            ...evaluation,
            data: evaluation.data.map((set) => ({ ...set, limit: Math.min(set.limit ?? 2, 2) })),
          },
        }
      : {}),
    limits: {
      ...recipe.limits,
      searches: Math.min(recipe.limits.searches ?? 2, 2),
      segmentTokens: Math.min(recipe.limits.segmentTokens ?? 48, 48),
      tokens: Math.min(recipe.limits.tokens ?? 128, 128),
      contextTokens: Math.min(recipe.limits.contextTokens ?? 1024, 1024),
    },
    checkpoints: { every: 1, keep: 1 },
    budget: { ...recipe.budget, minutes: Math.min(recipe.budget.minutes ?? 15, 15) },
    // Random weights are out of all bounds.
    health: {},
  };
}
