import { mean } from "simple-statistics";
import { describe, expect, test } from "vitest";
import type { RunEventBody } from "../../../../protocol/run.ts";
import type { RecipeInput } from "../../../../protocol/recipe.ts";
import type { SavedCheckpoint, TrainingParts } from "../../../../server/training/loop/host.ts";
import { runTraining } from "../../../../server/training/loop/run-training.ts";
import { programExpert } from "../../../../server/models/program-expert.ts";
import { runRollout } from "../../../../server/rollout/rollout.ts";
import type { DoubleEngine, DoubleModel, DoubleOptions } from "../../../fixtures/double-engine.ts";
import { doubleTraining, stage } from "../../../fixtures/double-training.ts";
import { KeptHost } from "../../../fixtures/kept-host.ts";

const signal = new AbortController().signal;
const noNorm = { gradientNorm: () => undefined };

async function train(parts: TrainingParts, host = new KeptHost(), from?: SavedCheckpoint) {
  const end = await runTraining(parts, host, from, signal);
  return { end, host };
}

const lastModel = (engine: DoubleEngine): DoubleModel => engine.models.at(-1)!;
const texts = (host: KeptHost): string[] => [...host.trajectories.values()].map(({ text }) => text);
const names = (host: KeptHost, type: RunEventBody["type"]) => host.events.filter((event) => event.type === type);

/** Trajectories of a program that knows the answers, over the parts' own retriever. */
async function experts({ profile, retriever, evaluation }: TrainingParts) {
  const plans = new Map(
    evaluation.map(({ question, golds }) => [question, { queries: [question], answer: golds[0]! }]),
  );
  return Promise.all(
    evaluation.map(({ question, golds }, at) =>
      runRollout(
        { id: `expert${at}`, question, golds, profile, policy: programExpert(plans), retriever },
        { signal, onEvent: () => {} },
      ),
    ),
  );
}

describe("reinforcement learning", () => {
  test("raises the reward, and not where its advantages' sign is flipped", async () => {
    const many = stage({ iterations: 40, prompts: 3, rollouts: 8, minibatch: 24, learningRate: { peak: 0.1 } });
    const rewards = async (sign: number): Promise<number> => {
      const parts = doubleTraining({ stages: [many] });
      const { createModel } = parts.engine;
      parts.engine.createModel = async (asked) => {
        const model = await createModel.call(parts.engine, asked);
        const { forwardBackward } = model;
        model.forwardBackward = (sequences, ...rest) =>
          forwardBackward.call(
            model,
            sequences.map((each) => ({
              ...each,
              advantages: Float64Array.from(each.advantages!, (value) => sign * value),
            })),
            ...rest,
          );
        return model;
      };
      const { host } = await train(parts);
      const values = host.iterations.map((metrics) => metrics["reward"]!);
      return mean(values.slice(-5)) - mean(values.slice(0, 5));
    };
    expect(await rewards(1)).toBeGreaterThan(0.1);
    expect(await rewards(-1)).toBeLessThan(0);
  });

  test("gives no weight, advantage or old log-prob to a token that the policy did not write", async () => {
    const parts = doubleTraining();
    const { createModel } = parts.engine;
    const sent: Parameters<DoubleModel["forwardBackward"]>[0][number][] = [];
    parts.engine.createModel = async (asked) => {
      const model = await createModel.call(parts.engine, asked);
      const { forwardBackward } = model;
      model.forwardBackward = (sequences, ...rest) => {
        sent.push(...sequences);
        return forwardBackward.call(model, sequences, ...rest);
      };
      return model;
    };
    const { host } = await train(parts);
    expect(sent.length).toBeGreaterThan(0);
    let masked = 0;
    for (const { ids, weights, advantages, logprobs } of sent) {
      const trajectory = [...host.trajectories.values()].find(
        ({ tokens }) => tokens!.ids.length === ids.length && tokens!.ids.every((id, at) => id === ids[at]),
      )!;
      const written = new Set(
        trajectory.segments
          .filter(({ origin }) => origin === "policy")
          .flatMap(({ tokenStart, tokenEnd }) =>
            Array.from({ length: tokenEnd! - tokenStart! }, (_, at) => tokenStart! + at),
          ),
      );
      ids.forEach((_, token) => {
        if (written.has(token)) return expect(weights[token]).toBe(1);
        masked++;
        expect([weights[token], advantages![token], logprobs![token]]).toEqual([0, 0, 0]);
      });
    }
    expect(masked).toBeGreaterThan(sent.length * 3);
  });

  test.each(["reinforce++-baseline", "grpo", "rloo", "dr-grpo", "reinforce"] as const)(
    "comes to the same weights on engines of both reductions (%s)",
    async (estimator) => {
      const weights = async (options: Partial<DoubleOptions>, reduction: "sequence-mean" | "token-mean" | "sum") => {
        const parts = doubleTraining(
          { stages: [stage({ estimator, reduction, minibatch: 3, zeroVariance: "keep" })] },
          options,
        );
        await train(parts);
        return lastModel(parts.engine).weights.logits;
      };
      for (const reduction of ["sequence-mean", "token-mean", "sum"] as const) {
        const [means, sums] = [
          await weights({ reduction: "sequence-mean" }, reduction),
          await weights({ reduction: "token-sum" }, reduction),
        ];
        // Adam's first steps are the gradient's sign, which rounding alone turns where the gradient is nought.
        expect(Math.max(...means.map((value, at) => Math.abs(value - sums[at]!)))).toBeLessThan(1e-4);
      }
    },
  );

  test("asks the same questions with the same seeds in the same run, and others under another seed", async () => {
    const once = await train(doubleTraining());
    const again = await train(doubleTraining());
    const other = await train(doubleTraining({ seed: 2 }));
    expect(texts(again.host)).toEqual(texts(once.host));
    expect(texts(other.host)).not.toEqual(texts(once.host));
    const tokens = ({ host }: typeof once) => [...host.trajectories.values()].map((each) => each.tokens);
    expect(tokens(again)).toEqual(tokens(once));
  });

  test("leaves groups without spread out, keeps them, or asks other questions, as the recipe says", async () => {
    const groups = async (zeroVariance: "skip" | "keep" | "resample") => {
      const parts = doubleTraining({ stages: [stage({ zeroVariance, rollouts: 2, iterations: 6 })] });
      const { host } = await train(parts);
      return { groups: host.events.flatMap((event) => (event.type === "group" ? [event.group] : [])), parts };
    };
    const skipped = (await groups("skip")).groups;
    expect(skipped.some(({ zeroVariance }) => zeroVariance)).toBe(true);
    expect(skipped.every(({ trained, zeroVariance }) => trained === !zeroVariance)).toBe(true);
    expect((await groups("keep")).groups.every(({ trained }) => trained)).toBe(true);
    const resampled = (await groups("resample")).groups;
    const share = (list: typeof skipped): number => list.filter((each) => each.zeroVariance).length / list.length;
    expect(share(resampled)).toBeLessThan(share(skipped));
  });

  test("takes the KL to the base model off the reward and records it", async () => {
    const kl = { coefficient: 0.1, target: 0.01, horizon: 8 };
    const { host } = await train(doubleTraining({ stages: [stage({ iterations: 6, kl })] }));
    const measured = host.iterations.flatMap((metrics) => metrics["kl"] ?? []);
    // A fresh adapter is the base model.
    expect(measured[0]).toBeCloseTo(0, 12);
    expect(Math.abs(measured.at(-1)!)).toBeGreaterThan(1e-4);
    const coefficients = host.iterations.map((metrics) => metrics["kl/coefficient"]!);
    expect(new Set(coefficients).size).toBeGreaterThan(1);
    const [trajectory] = [...host.trajectories.values()].filter(
      ({ training }) => training?.step === 5 && training.kl !== undefined,
    );
    expect(trajectory!.tokens!.referenceLogprobs).toHaveLength(trajectory!.tokens!.ids.length);
  });

  test("goes through its stages, each with its own reward and schedule", async () => {
    const stages = [
      stage({ iterations: 2 }),
      stage({
        name: "answer",
        reward: "paper-stage2",
        iterations: 2,
        learningRate: { peak: 0.02, schedule: "linear" },
      }),
    ];
    const { host } = await train(doubleTraining({ stages }));
    const iterations = host.events.flatMap((event) => (event.type === "iteration" ? [event] : []));
    expect(iterations.map((event) => [event.iteration, event.stage])).toEqual([
      [0, "form"],
      [1, "form"],
      [2, "answer"],
      [3, "answer"],
    ]);
    expect(iterations[1]!.metrics["learning-rate"]).toBe(0.05);
    expect(iterations[2]!.metrics["learning-rate"]).toBeLessThanOrEqual(0.02);
    expect([...host.trajectories.values()].map(({ reward }) => reward!.profile)).toContain("paper-stage2");
  });
});

describe("an optimiser", () => {
  const supervised: RecipeInput["supervised"] = { files: ["x"], epochs: 2, batch: 2, learningRate: { peak: 0.1 } };
  const stages = [stage({ iterations: 2 }), stage({ name: "more", iterations: 3 })];

  test("forgets its moments and steps where a stage begins, and the weights stay", async () => {
    const parts = doubleTraining({ supervised, stages });
    await train({ ...parts, supervised: await experts(parts) });
    const made = parts.engine.models.map(({ weights, id }) => ({
      optimiser: weights.step,
      applied: parts.engine.steps.filter((model) => model === id).length,
    }));
    expect(made).toHaveLength(3);
    for (const { optimiser, applied } of made) expect(optimiser).toBe(applied);
    expect(made.every(({ applied }) => applied > 0)).toBe(true);
  });

  test("keeps them in the middle of a stage, also when the run is resumed there", async () => {
    const parts = doubleTraining({ supervised, stages, checkpoints: { every: 1, keep: 100 } });
    const trajectories = await experts(parts);
    const { host } = await train({ ...parts, supervised: trajectories });
    const saved = host.saved.find(({ position }) => position.iteration === 4)!;
    const again = doubleTraining({ supervised, stages, checkpoints: { every: 1, keep: 100 } });
    for (const [path, weights] of parts.engine.checkpoints) again.engine.checkpoints.set(path, weights);
    await train({ ...again, supervised: trajectories }, new KeptHost(), saved);
    expect(again.engine.models).toHaveLength(1);
    expect(lastModel(again.engine).weights.step).toBe(lastModel(parts.engine).weights.step);
  });
});

describe("a supervised start", () => {
  const supervised: RecipeInput["supervised"] = { files: ["x"], epochs: 40, batch: 2, learningRate: { peak: 0.1 } };

  test("lowers its loss, and rows of what only documents hold stay as they were", async () => {
    const parts = doubleTraining({ supervised, stages: [] });
    const trajectories = await experts(parts);
    const { host, end } = await train({ ...parts, supervised: trajectories });
    expect(end.outcome).toBe("done");
    const losses = host.events.flatMap((event) => (event.type === "supervised" ? [event.metrics["loss"]!] : []));
    expect(losses).toHaveLength(80);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 3);
    const before = parts.engine.fresh().logits;
    const after = lastModel(parts.engine).weights.logits;
    const { vocabulary } = parts.engine.options;
    const moved = (piece: string): boolean => {
      const row = parts.tokenizer.encodePrompt(piece)[0]! * vocabulary;
      return after.slice(row, row + vocabulary).some((value, at) => value !== before[row + at]);
    };
    expect(moved("<|begin_of_query|>")).toBe(true);
    // "fact of" stands in documents alone; "m" and the brackets are written by nobody else either.
    expect(moved("(")).toBe(false);
  });

  test("comes to the same weights on engines of both reductions", async () => {
    const weights = async (reduction: "sequence-mean" | "token-sum") => {
      const parts = doubleTraining({ supervised: { ...supervised, epochs: 2 }, stages: [] }, { reduction });
      await train({ ...parts, supervised: await experts(parts) });
      return lastModel(parts.engine).weights.logits;
    };
    const [means, sums] = [await weights("sequence-mean"), await weights("token-sum")];
    expect(Math.max(...means.map((value, at) => Math.abs(value - sums[at]!)))).toBeLessThan(1e-6);
  });
});

describe("a resume", () => {
  test("from any checkpoint ends with the weights and rollouts of an undisturbed run", async () => {
    const fields: Partial<RecipeInput> = {
      supervised: { files: ["x"], epochs: 1, batch: 2, learningRate: { peak: 0.05 } },
      stages: [
        stage({ iterations: 2 }),
        stage({ name: "answer", reward: "paper-stage2", iterations: 2, kl: { coefficient: 0.01 } }),
      ],
      evaluation: { data: [{ file: "x" }], every: 2 },
    };
    const parts = doubleTraining(fields);
    const supervised = await experts(parts);
    const whole = await train({ ...parts, supervised });
    const wanted = [...lastModel(parts.engine).weights.logits];
    expect(whole.host.saved.length).toBeGreaterThanOrEqual(5);
    for (const from of whole.host.saved) {
      const again = doubleTraining(fields);
      for (const [path, weights] of parts.engine.checkpoints)
        again.engine.checkpoints.set(path, structuredClone(weights));
      // Only the latest few are kept on the engine.
      if (!again.engine.checkpoints.has(from.checkpoint.path)) continue;
      const { host } = await train({ ...again, supervised }, new KeptHost(), from);
      expect([...lastModel(again.engine).weights.logits]).toEqual(wanted);
      expect(texts(whole.host).slice(-texts(host).length || Infinity)).toEqual(texts(host));
      expect(host.iterations).toHaveLength(4 - from.position.iteration);
    }
  });
});

describe("what is asked of a run", () => {
  test("a stop saves what is done and ends; the rest is done by a resume", async () => {
    const host = new KeptHost();
    host.ask = (events) =>
      events.some((event) => event.type === "iteration" && event.iteration === 1) ? "stop" : "go-on";
    const parts = doubleTraining({ stages: [stage({ iterations: 5 })], checkpoints: { every: 100 } });
    const { end } = await train(parts, host);
    expect(end).toMatchObject({ outcome: "stopped" });
    expect(host.saved.at(-1)!.position.iteration).toBe(2);
    const { host: rest } = await train(parts, new KeptHost(), host.saved.at(-1)!);
    expect(rest.iterations).toHaveLength(3);
  });

  test("a stop in mid-iteration, before its update, saves the iterations before it", async () => {
    const host = new KeptHost();
    host.ask = (events) =>
      events.some((event) => event.type === "phase" && event.iteration === 2 && event.phase === "score")
        ? "stop"
        : "go-on";
    const parts = doubleTraining({ stages: [stage({ iterations: 5 })], checkpoints: { every: 100 } });
    expect((await train(parts, host)).end.outcome).toBe("stopped");
    expect(host.saved.at(-1)!.position.iteration).toBe(2);
    expect(host.iterations).toHaveLength(2);
  });

  test("a checkpoint that is asked for is made at the end of the iteration", async () => {
    const host = new KeptHost();
    const { acknowledge } = host;
    let wanted = true;
    host.ask = (events) =>
      wanted && events.some((event) => event.type === "rollout-progress") ? "checkpoint" : "go-on";
    host.acknowledge = (saved) => {
      if (saved.position.iteration > 0) wanted = false;
      acknowledge.call(host, saved);
    };
    await train(doubleTraining({ stages: [stage({ iterations: 3 })], checkpoints: { every: 100 } }), host);
    expect(host.saved.map(({ position }) => position.iteration)).toEqual([0, 1, 3]);
  });

  test("a budget that is spent saves and stops, saying which", async () => {
    const parts = doubleTraining({
      stages: [stage({ iterations: 50 })],
      budget: { policyTokens: 300 },
      checkpoints: { every: 100 },
    });
    const { end, host } = await train(parts);
    expect(end).toMatchObject({ outcome: "stopped" });
    expect(end.reason).toContain("300 sampled tokens");
    expect(host.iterations.length).toBeLessThan(50);
    expect(host.saved.at(-1)!.position.iteration).toBe(host.iterations.length);
    expect(host.saved.at(-1)!.position.spending.policyTokens).toBeGreaterThanOrEqual(300);
  });
});

describe("health", () => {
  test("a threshold warns, pauses or stops as it says, after and for as many iterations as it says", async () => {
    const run = async (action: "warn" | "pause" | "stop") => {
      const host = new KeptHost();
      let pauses = 0;
      host.afterPause = () => {
        pauses++;
        return "go-on";
      };
      const parts = doubleTraining({
        stages: [stage({ iterations: 4 })],
        health: { "policy-tokens": { max: 0, after: 1, for: 2, action } },
      });
      const { end } = await train(parts, host);
      return { end, pauses, alarms: names(host, "health").length, iterations: host.iterations.length };
    };
    expect(await run("warn")).toMatchObject({ end: { outcome: "done" }, pauses: 0, alarms: 1, iterations: 4 });
    expect(await run("pause")).toMatchObject({ end: { outcome: "done" }, pauses: 1, iterations: 4 });
    expect(await run("stop")).toMatchObject({ end: { outcome: "stopped" }, pauses: 0, iterations: 3 });
  });

  test("a spoilt adapter pauses the run, and going on restores the last checkpoint", async () => {
    const host = new KeptHost();
    let pauses = 0;
    host.afterPause = () => {
      pauses++;
      return "go-on";
    };
    let spoilt = 0;
    const parts = doubleTraining(
      { stages: [stage({ iterations: 3, minibatch: 8 })] },
      { gradientNorm: (step) => (step === 2 && spoilt++ === 0 ? Number.NaN : 1) },
    );
    const { end } = await train(parts, host);
    expect(end.outcome).toBe("done");
    expect(pauses).toBe(1);
    const [alarm] = host.events.flatMap((event) => (event.type === "health" ? [event.iteration] : []));
    expect(names(host, "abandoned")).toEqual([{ type: "abandoned", iteration: alarm! - 1 }]);
    const iterations = host.events.flatMap((event) => (event.type === "iteration" ? [event.iteration] : []));
    expect(iterations).toEqual([0, 1, 2, alarm!].sort());
    expect(parts.engine.models).toHaveLength(2);
  });
});

describe("evaluation and checkpoints", () => {
  test("the start and the end are evaluated; without a better result the run ends early", async () => {
    const parts = doubleTraining(
      {
        stages: [stage({ iterations: 20, learningRate: { peak: 1e-9 } })],
        evaluation: { data: [{ file: "x" }], every: 2, patience: 2 },
      },
      noNorm,
    );
    const { end, host } = await train(parts);
    expect(end).toMatchObject({ outcome: "done" });
    expect(end.reason).toContain("better");
    expect(host.iterations).toHaveLength(4);
    const evaluations = host.events.flatMap((event) =>
      event.type === "evaluation" ? [[event.iteration, event.best]] : [],
    );
    expect(evaluations).toEqual([
      [0, true],
      [2, false],
      [4, false],
    ]);
  });

  test("the latest checkpoints stay on the engine, and the best", async () => {
    const parts = doubleTraining({
      stages: [stage({ iterations: 6, learningRate: { peak: 1e-9 } })],
      evaluation: { data: [{ file: "x" }], every: 100 },
      checkpoints: { every: 1, keep: 2 },
    });
    await train(parts);
    expect([...parts.engine.checkpoints.keys()].map((path) => path.split("/").at(-1))).toEqual([
      "s0-i0",
      "s0-i5",
      "s0-i6",
    ]);
  });
});
