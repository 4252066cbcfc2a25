import { expect, test } from "vitest";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";
import { engineLogprobs, engineRows } from "../../server/training/engine-datum.ts";
import type { Adam, EngineLoss, TrainedModel, TrainingEngine, TrainingSequence } from "../../server/training/engine.ts";
import { policyLoss } from "../../server/training/policy-loss.ts";
import { lossCoefficients, type Reduction } from "../../server/training/reductions.ts";
import { connectEngine } from "../../server/training/tinker/connect.ts";
import { sharedEngine } from "./fixture/running-engine.ts";

/**
 * What is proven here: the gradient that the engine applies is that of the reference formula (`policy-loss.ts`, held to the published
 * trainers' numbers elsewhere), for masked sequences and for every reduction.
 *
 * Adam with an epsilon far above the gradient divides by a constant, so a step is −η g, g being the engine's gradient, whose norm it tells.
 * L is the reference loss of log-probs that the engine itself gives, before and after. Then (L(θ − ηg) − L(θ)) / η = −∇L · g up to η; taken at η and
 * η/2 and extrapolated (Richardson), up to η². It equals −|g|² where g = ∇L: a gradient of another size fails it by its factor, one of other
 * tokens by what they have not in common.
 */
const large = 1e4;
const eta = 2e-4;
const adam = (rate: number): Adam => ({
  learningRate: rate * large,
  beta1: 0,
  beta2: 0,
  epsilon: large,
  weightDecay: 0,
});
const signal = AbortSignal.timeout(850_000);

interface Batch {
  ids: number[][];
  mask: Uint8Array[];
  advantages: Float64Array[];
}

/** Sequences of different lengths, each with a masked prompt and a masked stretch in its middle, and an advantage for each token. */
function batch(): Batch {
  const random = seededRandom(7);
  const lengths = [30, 22, 27, 16];
  const ids = lengths.map((length) => Array.from({ length }, () => 300 + Math.floor(random() * 400)));
  const mask = lengths.map((length, at) =>
    Uint8Array.from({ length }, (_, token) => Number(token >= 5 && !(token >= 9 && token < 12 + 2 * at))),
  );
  const advantages = ids.map((row) => Float64Array.from(row, () => 2 * random() - 0.8));
  return { ids, mask, advantages };
}

/** What is sent for a batch; breakages send what a careless client would. */
function sequencesOf(
  { ids, mask, advantages }: Batch,
  reduction: Reduction,
  engine: TrainingEngine,
  old: Float64Array[],
  broken?: "mask" | "fold",
): TrainingSequence[] {
  const used = broken === "mask" ? mask.map((row) => row.map((_, token) => Number(token > 0))) : mask;
  const rows = engineRows(advantages, used, lossCoefficients(used, reduction), engine.capabilities.reduction);
  const logprobs = engineLogprobs(old, used);
  return rows.map(({ sequence, weights, advantages: folded }) => ({
    ids: ids[sequence]!,
    weights,
    advantages:
      broken === "fold"
        ? Float64Array.from(weights, (weight, token) => weight * advantages[sequence]![token]!)
        : folded,
    logprobs: logprobs[sequence]!,
  }));
}

const losses: Record<
  "ppo" | "importance-sampling",
  { engine: EngineLoss; reference: Parameters<typeof policyLoss>[1] }
> = {
  ppo: {
    engine: { kind: "ppo", low: 0.2, high: 0.2 },
    reference: { objective: { kind: "clip", low: 0.2, high: 0.2 } },
  },
  "importance-sampling": { engine: { kind: "importance-sampling" }, reference: { objective: { kind: "importance" } } },
};

let opened: Promise<{ engine: TrainingEngine; path: string; old: Float64Array[] }> | undefined;

/** A model that has moved from its base, so that every part of its adapter has a gradient, saved; and old log-probs from before its last step. */
async function start() {
  const { url } = await sharedEngine();
  const engine = await connectEngine({
    url,
    samplingWidth: 16,
    microBatch: 4,
    vocabulary: 1024,
    contextLength: 2048,
    signal,
  });
  const { ids, mask } = batch();
  const model = await engine.createModel({ rank: 8, seed: 3 }, signal);
  const imitate = async (): Promise<void> => {
    await model.forwardBackward(
      ids.map((row, at) => ({ ids: row, weights: mask[at]! })),
      { kind: "cross-entropy" },
      signal,
    );
    await model.optimStep({ learningRate: 0.003, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 }, signal);
  };
  await imitate();
  await imitate();
  const old = await model.forward(
    ids.map((row, at) => ({ ids: row, weights: mask[at]! })),
    signal,
  );
  await imitate();
  const path = await model.save("moved", signal);
  await model.unload(signal);
  return { engine, path, old };
}

/** The step's effect by the reference loss, and by the norm that the engine tells. */
async function effect(loss: keyof typeof losses, reduction: Reduction, broken?: "mask" | "fold") {
  opened ??= start();
  const { engine, path, old } = await opened;
  const made = batch();
  const lossAfter = async (rate: number): Promise<{ loss: number; norm: number }> => {
    const model: TrainedModel = await engine.createModel(
      { rank: 8, seed: 3, from: { path, optimiser: false } },
      signal,
    );
    try {
      await model.forwardBackward(sequencesOf(made, reduction, engine, old, broken), losses[loss].engine, signal);
      const { gradientNorm } = await model.optimStep(adam(rate), signal);
      const logprobs = await model.forward(
        made.ids.map((ids, at) => ({ ids, weights: made.mask[at]! })),
        signal,
      );
      const reference = policyLoss(
        {
          logprobs,
          oldLogprobs: old,
          advantages: made.advantages,
          mask: made.mask,
          coefficients: lossCoefficients(made.mask, reduction),
        },
        losses[loss].reference,
      );
      return { loss: reference.loss, norm: gradientNorm! };
    } finally {
      await model.unload(signal);
    }
  };
  const [still, half, whole] = [await lossAfter(0), await lossAfter(eta / 2), await lossAfter(eta)];
  const slope = (after: { loss: number }, rate: number): number => (after.loss - still.loss) / rate;
  return { measured: 2 * slope(half, eta / 2) - slope(whole, eta), told: -(whole.norm ** 2) };
}

const reductions: Reduction[] = [{ kind: "sequence-mean" }, { kind: "token-mean" }, { kind: "sum" }];

test.each(["ppo", "importance-sampling"] as const)(
  "the engine steps along the reference gradient of %s, whatever the reduction",
  async (loss) => {
    for (const reduction of reductions) {
      const { measured, told } = await effect(loss, reduction);
      expect(told).toBeLessThan(-1e-6);
      expect(measured / told, `${reduction.kind}: ${measured} against ${told}`).toBeGreaterThan(0.97);
      expect(measured / told, `${reduction.kind}: ${measured} against ${told}`).toBeLessThan(1.03);
    }
  },
);

test("a mask that is left out and a reduction that is not folded in would show", async () => {
  const unmasked = await effect("ppo", { kind: "sequence-mean" }, "mask");
  expect(Math.abs(unmasked.measured / unmasked.told - 1)).toBeGreaterThan(0.1);
  const plain = await effect("ppo", { kind: "token-mean" }, "fold");
  expect(Math.abs(plain.measured / plain.told - 1)).toBeGreaterThan(0.05);
});
