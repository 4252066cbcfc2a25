import { shuffle } from "simple-statistics";
import type { Recipe, RecipeSupervised } from "../../../protocol/recipe.ts";
import { seededRandom } from "../../evaluation/statistics/seeded-random.ts";
import type { z } from "zod";
import type { TrainedModel, TrainingEngine } from "../engine.ts";
import { lossCoefficients } from "../reductions.ts";
import { learningRate } from "../schedules.ts";
import { mixedSeed } from "../sampler-policy.ts";
import type { MaskedSequence } from "./masked-sequence.ts";
import { stageSchedule } from "./update-policy.ts";

type Supervised = z.infer<typeof RecipeSupervised>;

/** Optimiser steps of the supervised start over so many trajectories. */
export function supervisedSteps(supervised: Supervised | undefined, sequences: number): number {
  if (!supervised || sequences === 0) return 0;
  const steps = supervised.epochs * Math.ceil(sequences / supervised.batch);
  return Math.min(steps, supervised.steps ?? Infinity);
}

/**
 * The sequences of one optimiser step. Each epoch has its own order; within it, sequences of like length go together, because an engine pads
 * a batch to its longest, and the batches themselves are shuffled.
 */
export function supervisedBatch(
  sequences: readonly MaskedSequence[],
  batch: number,
  step: number,
  seed: number,
): MaskedSequence[] {
  const perEpoch = Math.ceil(sequences.length / batch);
  const random = seededRandom(mixedSeed(seed, 3, Math.floor(step / perEpoch)));
  const order = shuffle([...sequences], random).sort((a, b) => a.ids.length - b.ids.length);
  const batches = Array.from({ length: perEpoch }, (_, at) => order.slice(at * batch, (at + 1) * batch));
  return shuffle(batches, random)[step % perEpoch]!;
}

/** One step of imitation: the mean of −log π over the policy's tokens of each sequence, then over sequences. Answers the loss before it. */
export async function imitate(
  parts: { engine: TrainingEngine; model: TrainedModel; recipe: Recipe; supervised: Supervised },
  sequences: readonly MaskedSequence[],
  at: { step: number; steps: number },
  signal: AbortSignal,
): Promise<{ loss: number; learningRate: number; gradientNorm: number | undefined; tokens: number }> {
  const { engine, model, recipe, supervised } = parts;
  const batch = supervisedBatch(sequences, supervised.batch, at.step, recipe.seed).filter(({ mask }) =>
    mask.some(Boolean),
  );
  const mask = batch.map((sequence) => sequence.mask);
  const coefficients = lossCoefficients(mask, { kind: "sequence-mean" });
  const sent = batch.map(({ ids }, sequence) => ({
    ids,
    // Cross-entropy has no advantages to fold a reduction into: an engine that adds tokens up takes the coefficients as weights.
    weights: engine.capabilities.reduction === "token-sum" ? coefficients[sequence]! : mask[sequence]!,
  }));
  const logprobs = await model.forwardBackward(sent, { kind: "cross-entropy" }, signal);
  const loss = -logprobs.reduce(
    (sum, row, sequence) =>
      sum + row.reduce((total, value, token) => total + value * coefficients[sequence]![token]!, 0),
    0,
  );
  const rate = learningRate(stageSchedule(supervised, at.steps), at.step);
  const { gradientNorm } = await model.optimStep({ ...recipe.optimiser, learningRate: rate }, signal);
  return { loss, learningRate: rate, gradientNorm, tokens: sent.reduce((sum, { ids }) => sum + ids.length, 0) };
}
