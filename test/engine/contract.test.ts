import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Sampler,
  SampleRequest,
  TrainedModel,
  TrainingEngine,
  TrainingSequence,
} from "../../server/training/engine.ts";
import { type ConnectOptions, connectEngine } from "../../server/training/tinker/connect.ts";
import { readPeft } from "../../server/training/tinker/peft-archive.ts";
import { openLosingProxy } from "./fixture/losing-proxy.ts";
import { plainOpenapi } from "./fixture/plain-openapi.ts";
import { sharedEngine, tinyModel } from "./fixture/running-engine.ts";

// All that the client does, on the running engine. Every array is short, so that few shapes are compiled.

const signal = (): AbortSignal => AbortSignal.timeout(120_000);
const adam = { learningRate: 0.02, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const crossEntropy = { kind: "cross-entropy" } as const;

const idsOf = (from: number): number[] => Array.from({ length: 24 }, (_, at) => from + ((at * 37) % 211));
const rows: TrainingSequence[] = [300, 700, 1000, 1200].map((from) => ({
  ids: idsOf(from),
  weights: idsOf(from).map((_, at) => (at < 8 ? 0 : 1)),
}));
const texts = rows.map(({ ids }) => ids);

const ask = (seed: number, change: Partial<SampleRequest> = {}): SampleRequest => ({
  prompt: idsOf(300).slice(0, 8),
  maxTokens: 8,
  temperature: 1,
  seed,
  stopIds: [],
  ...change,
});

async function connect(options: Partial<ConnectOptions> = {}): Promise<TrainingEngine> {
  const { url } = await sharedEngine();
  return connectEngine({
    url,
    samplingWidth: 16,
    microBatch: 8,
    maxModels: 3,
    baseModel: tinyModel(),
    vocabulary: 2048,
    contextLength: 2048,
    signal: signal(),
    ...options,
  });
}

let engine: TrainingEngine;
beforeAll(async () => {
  engine = await connect();
});
afterAll(async () => {
  await engine.close();
});

async function trainStep(model: TrainedModel): Promise<number> {
  await model.forwardBackward(rows, crossEntropy, signal());
  const { gradientNorm } = await model.optimStep(adam, signal());
  return gradientNorm!;
}

/** The largest difference of the log-probs of two sets of rows, their first entries, which are of nothing, left out. */
function farthest(some: readonly ArrayLike<number>[], others: readonly ArrayLike<number>[]): number {
  expect(some.map(({ length }) => length)).toEqual(others.map(({ length }) => length));
  const each = some.flatMap((row, at) => Array.from(row, (value, i) => Math.abs(value - others[at]![i]!)));
  return Math.max(...each);
}

const targets = (aligned: readonly Float64Array[]): Float64Array[] => aligned.map((row) => row.subarray(1));

test("the engine tells what it is", () => {
  expect(engine.capabilities).toMatchObject({
    engine: "skyrl-jax",
    version: "0.4",
    wire: "proto",
    reduction: "sequence-mean",
    promptLogprobsOffset: 0,
    idempotent: true,
    baseSampling: true,
  });
});

test("its interface is the one that was recorded: vitest -u records another", async () => {
  const { url } = await sharedEngine();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as unknown;
  await expect(`${JSON.stringify(plainOpenapi(document), undefined, 1)}\n`).toMatchFileSnapshot("openapi-0.4.0.json");
});

describe("an adapter", () => {
  test("is the base model as long as it is not trained, to the sampler and to the trainer", async () => {
    const model = await engine.createModel({ rank: 8, seed: 1 }, signal());
    const base = await engine.base()!.logprobs(texts, signal());
    const forward = await model.forward(rows, signal());
    expect(forward.every((row) => row[0] === 0)).toBe(true);
    expect(base[0]!.every((value) => value < 0)).toBe(true);
    expect(farthest(targets(forward), base)).toBeLessThan(1e-4);
    const published = await model.publish(signal());
    expect(farthest(await published.logprobs(texts, signal()), base)).toBeLessThan(1e-4);
    await model.unload(signal());
  });

  test("learns what it is trained on, and only where it is weighted; the base model stays as it was", async () => {
    const model = await engine.createModel({ rank: 8, seed: 1 }, signal());
    const base = await engine.base()!.logprobs(texts, signal());
    const old = await model.publish(signal());
    const before = await model.forwardBackward(rows, crossEntropy, signal());
    expect(farthest(before, await model.forward(rows, signal()))).toBeLessThan(1e-4);
    const { gradientNorm } = await model.optimStep(adam, signal());
    expect(gradientNorm).toBeGreaterThan(0);
    const after = await model.forward(rows, signal());
    const sum = (of: readonly Float64Array[]): number =>
      of.flatMap((row) => [...row.subarray(8)]).reduce((total, value) => total + value, 0);
    expect(sum(after)).toBeGreaterThan(sum(before) + 1);
    // A sampler of what the weights were refuses; one of what they are agrees with the trainer.
    await expect(old.sample([ask(1)], signal())).rejects.toMatchObject({ kind: "stale" });
    const sampler = await model.publish(signal());
    expect(farthest(await sampler.logprobs(texts, signal()), targets(after))).toBeLessThan(1e-4);
    expect(farthest(await engine.base()!.logprobs(texts, signal()), base)).toBe(0);
    await model.unload(signal());
  });

  test("is trained once by a call whose answer was lost", async () => {
    const { url } = await sharedEngine();
    const direct = await engine.createModel({ rank: 8, seed: 5 }, signal());
    const norms = [await trainStep(direct), await trainStep(direct)];
    const expected = await direct.forward(rows, signal());
    await direct.unload(signal());
    await using losing = await openLosingProxy(url, ["/api/v1/forward_backward", "/api/v1/optim_step"]);
    const other = await connect({ url: losing.url });
    const model = await other.createModel({ rank: 8, seed: 5 }, signal());
    expect([await trainStep(model), await trainStep(model)]).toEqual(norms);
    expect(losing.lost).toHaveLength(2);
    expect(farthest(await model.forward(rows, signal()), expected)).toBe(0);
    await other.close();
  });

  test("goes on from a checkpoint as if it had not ended, if its optimiser is loaded too", async () => {
    const model = await engine.createModel({ rank: 8, seed: 2 }, signal());
    await trainStep(model);
    const path = await model.save("half", signal());
    expect(path).toBe(`tinker://${model.id}/weights/half`);
    // The same name is the same checkpoint.
    expect(await model.save("half", signal())).toBe(path);
    const half = await model.forward(rows, signal());
    await trainStep(model);
    const whole = await model.forward(rows, signal());
    await model.unload(signal());
    const resume = async (optimiser: boolean): Promise<Float64Array[]> => {
      const resumed = await engine.createModel({ rank: 8, seed: 9, from: { path, optimiser } }, signal());
      expect(farthest(await resumed.forward(rows, signal()), half)).toBeLessThan(1e-5);
      await trainStep(resumed);
      const rest = await resumed.forward(rows, signal());
      await resumed.remove(path.replace("half", "none"), signal());
      await resumed.unload(signal());
      return rest;
    };
    expect(farthest(await resume(true), whole)).toBeLessThan(1e-4);
    expect(farthest(await resume(false), whole)).toBeGreaterThan(1e-2);
  });

  test("that cannot be loaded leaves its place free", async () => {
    const kept = await engine.createModel({ rank: 8, seed: 1 }, signal());
    const path = await kept.save("kept", signal());
    for (let tries = 0; tries < 3; tries++) {
      const absent = { path: "tinker://model_00000000/weights/none", optimiser: true };
      await expect(engine.createModel({ rank: 8, seed: 1, from: absent }, signal())).rejects.toMatchObject({
        kind: "unknown-model",
      });
      const from = { path, optimiser: true };
      await expect(engine.createModel({ rank: 4, seed: 1, from }, signal())).rejects.toMatchObject({
        kind: "rejected",
        message: expect.stringMatching(/[Rr]ank/),
      });
    }
    await kept.remove(path, signal());
    await kept.remove(path, signal());
    await expect(
      engine.createModel({ rank: 8, seed: 1, from: { path, optimiser: false } }, signal()),
    ).rejects.toMatchObject({ name: "EngineError", kind: "unknown-model" });
    await kept.unload(signal());
    await expect(kept.forward(rows, signal())).rejects.toMatchObject({ name: "EngineError" });
  });

  test("is exported as PEFT loads it, with the modules that it adapts", async () => {
    const model = await engine.createModel({ rank: 8, seed: 3 }, signal());
    await trainStep(model);
    const archive = await model.exportAdapter("out", signal());
    const { config, weights } = readPeft(archive);
    expect(config).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 8,
      lora_alpha: 32,
      base_model_name_or_path: tinyModel(),
      target_modules: ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
    });
    // Two matrices for each of seven modules of four layers.
    const header = JSON.parse(
      Buffer.from(weights)
        .subarray(8, 8 + Number(Buffer.from(weights).readBigUInt64LE()))
        .toString(),
    ) as object;
    expect(Object.keys(header).filter((name) => /lora_[AB]/.test(name))).toHaveLength(4 * 7 * 2);
    await model.unload(signal());
  });
});

describe("samples", () => {
  let sampler: Sampler;
  let model: TrainedModel;
  beforeAll(async () => {
    model = await engine.createModel({ rank: 8, seed: 4 }, signal());
    await trainStep(model);
    sampler = await model.publish(signal());
  });
  afterAll(() => model.unload(signal()));

  test("depend on their seed and on nothing that is sampled beside them", async () => {
    const many = await sampler.sample(
      Array.from({ length: 18 }, (_, seed) => ask(1000 * seed)),
      signal(),
    );
    const [alone] = await sampler.sample([ask(5000)], signal());
    expect(alone).toEqual(many[5]);
    expect(new Set(many.map(({ ids }) => ids.join())).size).toBeGreaterThan(10);
    const greedy = await sampler.sample([ask(1, { temperature: 0 }), ask(2, { temperature: 0 })], signal());
    expect(greedy[0]!.ids).toEqual(greedy[1]!.ids);
  });

  test("carry the log-probs that the trainer gives them", async () => {
    const sampled = await sampler.sample([ask(1), ask(2), ask(3, { temperature: 0.5 })], signal());
    const sequences = sampled.map(({ ids }) => [...ask(0).prompt, ...ids]);
    const forward = await model.forward(
      sequences.map((ids) => ({ ids, weights: ids.map(() => 1) })),
      signal(),
    );
    const tails = forward.map((row) => row.subarray(8));
    expect(
      farthest(
        tails,
        sampled.map(({ logprobs }) => logprobs),
      ),
    ).toBeLessThan(1e-4);
  });

  test("end at a stop, which is part of them, and at their own limit where others go on", async () => {
    const [free] = await sampler.sample([ask(7)], signal());
    const stop = free!.ids[3]!;
    const [stopped, cut] = await sampler.sample([ask(7, { stopIds: [stop] }), ask(7, { maxTokens: 2 })], signal());
    const at = free!.ids.indexOf(stop);
    expect(stopped).toMatchObject({ ids: free!.ids.slice(0, at + 1), reason: "stop" });
    expect(cut).toMatchObject({ ids: free!.ids.slice(0, 2), reason: "length" });
    expect(free).toMatchObject({ reason: "length" });
  });
});

test("policy gradients go the way of the advantage", async () => {
  const model = await engine.createModel({ rank: 8, seed: 6 }, signal());
  const old = await model.forward(rows, signal());
  const advantages = rows.map(({ weights }, at) => Array.from(weights, (weight) => weight * (at < 2 ? 1 : -1)));
  const sequences = rows.map((row, at) => ({ ...row, advantages: advantages[at]!, logprobs: old[at]! }));
  await model.forwardBackward(sequences, { kind: "ppo", low: 0.2, high: 0.2 }, signal());
  await model.optimStep(adam, signal());
  const after = await model.forward(rows, signal());
  const change = rows.map((_, at) =>
    after[at]!.subarray(8).reduce((total, value, i) => total + value - old[at]![8 + i]!, 0),
  );
  expect(Math.min(change[0]!, change[1]!)).toBeGreaterThan(0);
  expect(Math.max(change[2]!, change[3]!)).toBeLessThan(0);
  // What is masked may hold anything.
  const masked = sequences.map((row) => ({
    ...row,
    logprobs: row.logprobs.map((value, i) => (row.weights[i] === 0 ? Number.NaN : value)),
  }));
  await model.forwardBackward(masked, { kind: "importance-sampling" }, signal());
  expect(Number.isFinite((await model.optimStep({ ...adam, learningRate: 0 }, signal())).gradientNorm)).toBe(true);
  expect(farthest(await model.forward(rows, signal()), after)).toBeLessThan(1e-5);
  await model.unload(signal());
});
