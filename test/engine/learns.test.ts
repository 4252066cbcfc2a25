import { join } from "node:path";
import { mean } from "simple-statistics";
import { expect, test } from "vitest";
import { openRecipe } from "../../server/open-recipe.ts";
import type { TrainedModel, TrainingEngine } from "../../server/training/engine.ts";
import { runTraining } from "../../server/training/loop/run-training.ts";
import { KeptHost } from "../fixtures/kept-host.ts";
import { lampTask } from "./fixture/lamp-task.ts";
import { scratchHome } from "./fixture/running-engine.ts";

/** What is broken on purpose, to see that the test would tell. */
type Breakage = "advantage-sign" | "optimiser-step" | undefined;

/**
 * A tiny model of random weights imitates a program for 30 steps, which makes it search in under half of its rollouts, and is then rewarded
 * for form and search alone, on an engine that knows nothing of either. Reward by iteration.
 *
 * Measured with 24 iterations of 4 × 16 rollouts, first iteration (the frozen policy) and mean of the last three: seed 1 0.227 → 0.453,
 * seed 2 0.203 → 0.479, seed 3 0.242 → 0.448, seed 4 0.242 → 0.474: it rises by 0.206 to 0.276. One iteration's mean has a standard error of
 * about 0.03. The threshold lies at half of the smallest rise, three standard errors above none. Broken on purpose, seed 2 changes by −0.190
 * with the advantages' sign flipped and by −0.005 with optimiser steps that do nothing. A mask that lets the environment's tokens in does not
 * come that far: they have no log-probs, and the loop refuses them.
 */
async function rewards(seed: number, broken?: Breakage): Promise<number[]> {
  const folder = scratchHome();
  const { recipe, base } = lampTask(folder, {
    seed,
    supervised: {
      experts: true,
      epochs: 100,
      steps: 30,
      batch: 8,
      learningRate: { peak: 0.005, schedule: "linear" },
    },
    stages: [
      {
        name: "form",
        reward: "paper-stage1",
        iterations: 24,
        prompts: 4,
        rollouts: 16,
        minibatch: 64,
        learningRate: { peak: 0.003 },
      },
    ],
    checkpoints: { every: 100 },
  });
  const signal = AbortSignal.timeout(850_000);
  const onProgress = (): void => {};
  const opened = await openRecipe({ recipe, base, engineHome: join(folder, "engine"), folder, signal, onProgress });
  try {
    const host = new KeptHost();
    const engine = breaking(opened.parts.engine, broken);
    const end = await runTraining({ ...opened.parts, engine }, host, undefined, signal);
    expect(end.outcome).toBe("done");
    return host.iterations.map((metrics) => metrics["reward"]!);
  } finally {
    expect(await opened.close()).toEqual([]);
  }
}

/** The engine with one thing of its reinforcement learning broken; the supervised start is as it was. */
function breaking(engine: TrainingEngine, broken: Breakage): TrainingEngine {
  if (!broken) return engine;
  let reinforced = false;
  const spoil = (model: TrainedModel): TrainedModel =>
    new Proxy(model, {
      get(target, name) {
        if (name === "forwardBackward")
          return ((sequences, loss, signal) => {
            reinforced = loss.kind !== "cross-entropy";
            const flipped = sequences.map((each) =>
              reinforced && broken === "advantage-sign"
                ? { ...each, advantages: Float64Array.from(each.advantages!, (value) => -value) }
                : each,
            );
            return target.forwardBackward(flipped, loss, signal);
          }) satisfies TrainedModel["forwardBackward"];
        if (name === "optimStep" && broken === "optimiser-step" && reinforced)
          return ((adam, signal) =>
            target.optimStep({ ...adam, learningRate: 1e-12 }, signal)) satisfies TrainedModel["optimStep"];
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  return new Proxy(engine, {
    get(target, name) {
      if (name === "createModel")
        return (async (options, signal) =>
          spoil(await target.createModel(options, signal))) satisfies TrainingEngine["createModel"];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const rise = (values: readonly number[]): number => mean(values.slice(-3)) - values[0]!;
const threshold = 0.1;

/** More seeds by hand: SEARCHLIGHT_LEARN_SEEDS=1,2,3,4. Breakages by hand: SEARCHLIGHT_LEARN_BROKEN=advantage-sign. */
const seeds = (process.env["SEARCHLIGHT_LEARN_SEEDS"] ?? "2").split(",").map(Number);
const broken = process.env["SEARCHLIGHT_LEARN_BROKEN"] as Breakage;

test.each(seeds)(
  "reinforcement learning raises the reward of a tiny policy well above the frozen one (seed %i)",
  async (seed) => {
    const values = await rewards(seed, broken);
    expect(rise(values), values.map((value) => value.toFixed(3)).join(" ")).toBeGreaterThan(threshold);
  },
);
