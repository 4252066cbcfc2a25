import { shuffle } from "simple-statistics";
import type { Recipe, RecipeStage } from "../../../protocol/recipe.ts";
import { seededRandom } from "../../evaluation/statistics/seeded-random.ts";
import { type AdvantageOptions, type Advantages, groupNorm, reinforcePlusPlusBaseline } from "../advantages.ts";
import { engineLogprobs, engineRows } from "../engine-datum.ts";
import type { EngineLoss, TrainedModel, TrainingEngine } from "../engine.ts";
import { lossCoefficients } from "../reductions.ts";
import { learningRate, type Schedule } from "../schedules.ts";
import { mixedSeed } from "../sampler-policy.ts";
import type { MaskedSequence } from "./masked-sequence.ts";

/** The stage's way from rewards to advantages. */
export function advantageOptions({ estimator, kl }: RecipeStage, klCoefficient: number): AdvantageOptions {
  const penalty = { klInReward: { estimator: { kind: kl.estimator }, coefficient: klCoefficient } } as const;
  const plain = { ...reinforcePlusPlusBaseline, whitening: null } as const;
  switch (estimator) {
    case "reinforce++-baseline":
      return { ...reinforcePlusPlusBaseline, ...penalty };
    case "grpo":
      return { ...groupNorm, ...penalty };
    case "rloo":
      return { ...plain, estimator: { kind: "rloo" }, ...penalty };
    case "dr-grpo":
      return { ...plain, ...penalty };
    case "reinforce":
      return { ...plain, estimator: { kind: "reinforce" }, ...penalty };
  }
}

/** The stage's loss as the engine knows it. */
export function engineLoss({ loss, clip }: RecipeStage): EngineLoss {
  if (loss === "importance-sampling") return { kind: "importance-sampling" };
  return { kind: loss, low: clip.low, high: clip.high };
}

/** Optimiser steps of a whole stage, where every group is trained on. */
export function stageSteps({ iterations, passes, prompts, rollouts, minibatch }: RecipeStage): number {
  return iterations * passes * Math.ceil((prompts * rollouts) / minibatch);
}

/** The stage's learning rate over its optimiser steps. */
export function stageSchedule(stage: { learningRate: RecipeStage["learningRate"] }, steps: number): Schedule {
  const { peak, schedule, warmup, floor, cycles } = stage.learningRate;
  return { kind: schedule, peak, steps, warmup: Math.ceil(steps * warmup), floor, cycles };
}

export interface UpdateResult {
  steps: number;
  learningRate: number;
  /** Largest of the steps; undefined where the engine tells none. */
  gradientNorm: number | undefined;
  /** Tokens of the sequences that were sent. */
  tokens: number;
  /** Trainer's log-probs before each sequence's first update, by index in the batch. */
  logprobs: Map<number, Float64Array>;
}

/**
 * Trains on one iteration's sequences: minibatches in an order that the seed decides, `passes` times over. Old log-probs stay those of the
 * sampler. Looks at `between` before each minibatch, which may throw to stop.
 */
export async function updatePolicy(
  parts: { engine: TrainingEngine; model: TrainedModel; recipe: Recipe; stage: RecipeStage },
  sequences: readonly MaskedSequence[],
  { advantages }: Advantages,
  at: { seeds: readonly number[]; stageStep: number },
  signal: AbortSignal,
): Promise<UpdateResult> {
  const { engine, model, recipe, stage } = parts;
  const schedule = stageSchedule(stage, stageSteps(stage));
  const result: UpdateResult = { steps: 0, learningRate: 0, gradientNorm: undefined, tokens: 0, logprobs: new Map() };
  for (let pass = 0; pass < stage.passes; pass++) {
    const order = shuffle([...sequences.keys()], seededRandom(mixedSeed(...at.seeds, pass)));
    for (let from = 0; from < order.length; from += stage.minibatch) {
      const batch = order.slice(from, from + stage.minibatch);
      const mask = batch.map((index) => sequences[index]!.mask);
      const rows = engineRows(
        batch.map((index) => advantages[index]!),
        mask,
        lossCoefficients(mask, { kind: stage.reduction }),
        engine.capabilities.reduction,
      );
      if (rows.length === 0) continue;
      const old = engineLogprobs(
        batch.map((index) => sequences[index]!.logprobs!),
        mask,
      );
      const sent = rows.map(({ sequence, weights, advantages: folded }) => ({
        ids: sequences[batch[sequence]!]!.ids,
        weights,
        advantages: folded,
        logprobs: old[sequence]!,
      }));
      const logprobs = await model.forwardBackward(sent, engineLoss(stage), signal);
      rows.forEach(({ sequence }, row) => {
        const index = batch[sequence]!;
        if (!result.logprobs.has(index)) result.logprobs.set(index, logprobs[row]!);
      });
      result.learningRate = learningRate(schedule, at.stageStep + result.steps);
      const { gradientNorm } = await model.optimStep(
        { ...recipe.optimiser, learningRate: result.learningRate },
        signal,
      );
      result.steps++;
      result.tokens += sent.reduce((sum, { ids }) => sum + ids.length, 0);
      if (gradientNorm !== undefined)
        result.gradientNorm = Number.isFinite(gradientNorm) ? Math.max(result.gradientNorm ?? 0, gradientNorm) : NaN;
      if (Number.isNaN(result.gradientNorm)) return result;
    }
  }
  return result;
}
