import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { TrainingEngine, TrainingSequence } from "../../../../server/training/engine.ts";
import { type ConnectOptions, connectEngine } from "../../../../server/training/tinker/connect.ts";
import {
  servedLogprob,
  type TinkerCall,
  type TinkerDialect,
  type TinkerFault,
  type TinkerServer,
  tinkerServer,
} from "../../../fixtures/tinker-server.ts";

const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const soon = (): AbortSignal => AbortSignal.timeout(15_000);

const sequence: TrainingSequence = { ids: [1, 2, 3, 4], weights: [0, 0, 1, 1] };
const rows = [[0, servedLogprob(2), servedLogprob(3), servedLogprob(4)]];
const crossEntropy = { kind: "cross-entropy" } as const;

function connect(server: TinkerServer, options: Partial<ConnectOptions> = {}): Promise<TrainingEngine> {
  return connectEngine({
    url: server.url,
    samplingWidth: 4,
    microBatch: 2,
    backend: "jax",
    vocabulary: 100,
    contextLength: 64,
    patienceSeconds: 3,
    signal: soon(),
    ...options,
  });
}

const asRows = (logprobs: readonly Float64Array[]): number[][] => logprobs.map((row) => [...row]);

/** A fault of the first calls of a path; a pass for a model that cannot be is only a question what the server speaks. */
function first(path: string, fault: TinkerFault, times = 1): (call: TinkerCall) => TinkerFault | undefined {
  let left = times;
  return (call) => {
    if (call.path !== `/api/v1${path}` || call.body["model_id"] === "model_none") return undefined;
    return left-- > 0 ? fault : undefined;
  };
}

describe.each<TinkerDialect>(["skyrl-0.4", "skyrl-0.3", "other"])("the client of %s", (dialect) => {
  it("trains, samples, saves and ends", async () => {
    await using server = await tinkerServer({ dialect });
    const engine = await connect(server);
    expect(engine.capabilities).toMatchObject({
      engine: dialect === "other" ? "tinker" : "skyrl-jax",
      wire: dialect === "skyrl-0.4" ? "proto" : "json",
      idempotent: dialect === "skyrl-0.4",
      reduction: dialect === "other" ? "token-sum" : "sequence-mean",
      samplingWidth: 4,
      vocabulary: 100,
    });
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    const sampler = await model.publish(soon());
    const ask = { prompt: [1, 2], maxTokens: 9, temperature: 1, seed: 3, stopIds: [15] };
    const sampled = await sampler.sample([ask, { ...ask, seed: 30 }], soon());
    expect(sampled.map(({ ids, reason }) => [ids, reason])).toEqual([
      [[13, 14, 15], "stop"],
      [[40, 41, 42, 43, 44, 45, 46, 47, 48], "length"],
    ]);
    expect(asRows(await model.forward([sequence], soon()))).toEqual(rows);
    expect(asRows(await model.forwardBackward([sequence], crossEntropy, soon()))).toEqual(rows);
    expect(await model.optimStep(adam, soon())).toEqual({ gradientNorm: 0.5 });
    expect(await model.save("c1", soon())).toBe("tinker://model_1/weights/c1");
    expect(server.done).toMatchObject({ passes: 1, steps: 1 });
    await engine.close();
    expect(server.calls.at(-2)!.path).toBe("/api/v1/unload_model");
  });

  it("waits for answers that are not there yet", async () => {
    await using server = await tinkerServer({ dialect, notYet: 3 });
    const engine = await connect(server);
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    expect(asRows(await model.forwardBackward([sequence], crossEntropy, soon()))).toEqual(rows);
    expect(server.done.passes).toBe(1);
  });

  it.each(["/forward_backward", "/optim_step"])("never trains twice when an answer of %s is lost", async (path) => {
    await using server = await tinkerServer({ dialect, fault: first(path, "lost") });
    const engine = await connect(server);
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    const step = async (): Promise<void> => {
      await model.forwardBackward([sequence], crossEntropy, soon());
      await model.optimStep(adam, soon());
    };
    if (dialect === "skyrl-0.4") {
      await step();
      expect(server.calls.filter((call) => call.path === `/api/v1${path}`)).toHaveLength(2);
    } else {
      await expect(step()).rejects.toMatchObject({ kind: "lost", message: expect.stringMatching(/not known whether/) });
      // What the gradient holds is not known, so nothing more is trained on it.
      await expect(step()).rejects.toMatchObject({ kind: "lost" });
    }
    expect(server.done.passes).toBe(1);
    expect(server.done.steps).toBeLessThanOrEqual(1);
  });

  it.each([429, 503])("sends a training call again that the server was too busy (%i) to take", async (status) => {
    await using server = await tinkerServer({
      dialect,
      fault: first("/forward_backward", { status, retryAfter: 1 }),
    });
    const engine = await connect(server, { patienceSeconds: 6 });
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    const began = performance.now();
    await model.forwardBackward([sequence], crossEntropy, soon());
    expect(server.done.passes).toBe(1);
    expect(performance.now() - began).toBeGreaterThan(900);
  });
});

describe("a connection that breaks", () => {
  it("is taken up again where the call may run twice", async () => {
    await using server = await tinkerServer({
      fault: (call) =>
        call.before === 0 && /asample|retrieve_future|create_session/.test(call.path)
          ? call.path.endsWith("asample")
            ? "lost"
            : "reset"
          : undefined,
    });
    const engine = await connect(server, { patienceSeconds: 6 });
    const sampler = engine.base()!;
    const [sampled] = await sampler.sample(
      [{ prompt: [1], maxTokens: 2, temperature: 0, seed: 0, stopIds: [] }],
      soon(),
    );
    expect(sampled!.ids).toEqual([10, 11]);
  });

  it("is not, where a second model would hold a place that nobody frees", async () => {
    await using server = await tinkerServer({ fault: first("/create_model", "lost") });
    const engine = await connect(server);
    await expect(engine.createModel({ rank: 8, seed: 1 }, soon())).rejects.toMatchObject({ kind: "unreachable" });
    expect(server.calls.filter(({ path }) => path.endsWith("create_model"))).toHaveLength(1);
  });

  it("is given up after the caller's patience, with the address and a way out", async () => {
    await using server = await tinkerServer({ fault: first("/create_session", "reset", 100) });
    const failed = connect(server, { patienceSeconds: 1 });
    await expect(failed).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ cannot be reached \(.*\); start the engine or check its address\.$/,
      ),
    });
    const nobody = connectEngine({ url: "http://127.0.0.1:9", samplingWidth: 1, patienceSeconds: 0, signal: soon() });
    await expect(nobody).rejects.toMatchObject({ kind: "unreachable" });
  });

  it("is followed by a publication of another name, which is sampled", async () => {
    await using server = await tinkerServer({ fault: first("/save_weights_for_sampler", "lost") });
    const engine = await connect(server);
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    await model.publish(soon());
    const published = server.calls.filter(({ path }) => path.endsWith("save_weights_for_sampler"));
    expect(published.map(({ body }) => body["seq_id"])).toEqual([1, 2]);
  });

  it("leaves a checkpoint of the same name the same checkpoint", async () => {
    await using server = await tinkerServer({ fault: first("/save_weights", "lost") });
    const engine = await connect(server);
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    expect(await model.save("c1", soon())).toBe("tinker://model_1/weights/c1");
    await model.remove("tinker://model_1/weights/c1", soon());
    await model.remove("tinker://model_1/weights/c1", soon());
    await expect(model.save("../c1", soon())).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("statuses", () => {
  it.each([502, 504])("%i of a proxy passes where a call may run twice", async (status) => {
    await using server = await tinkerServer({ fault: first("/retrieve_future", { status }, 2) });
    const engine = await connect(server, { patienceSeconds: 6 });
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    expect(model.id).toBe("model_1");
  });

  it.each([
    [401, "unauthorised", /wants another token/],
    [500, "rejected", /answered 500: boom/],
    [404, "unknown-model", /answered 404: boom/],
    [422, "rejected", /answered 422: boom/],
  ])("%i is an error of kind %s", async (status, kind, message) => {
    await using server = await tinkerServer({ fault: first("/create_session", { status, detail: "boom" }, 99) });
    await expect(connect(server)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
  });

  it("of an engine that lost the model say so", async () => {
    await using server = await tinkerServer({
      failure: (path) => (path.endsWith("optim_step") ? "Model model_1 not loaded" : undefined),
    });
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    await expect(model.optimStep(adam, soon())).rejects.toMatchObject({ kind: "lost" });
  });

  it("hold no more of a server's words than one short line", async () => {
    const detail = `first\n\u001b[31m${"x".repeat(5000)}`;
    await using server = await tinkerServer({ fault: first("/create_session", { status: 422, detail }) });
    const error = await connect(server).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message.length).toBeLessThan(400);
    expect((error as Error).message).not.toMatch(/[\n\u001b]/);
  });
});

describe("failures of the work behind a call", () => {
  it.each<[TinkerDialect]>([["skyrl-0.4"], ["other"]])("are told in the words of %s", async (dialect) => {
    await using server = await tinkerServer({
      dialect,
      failure: (path) => (path.endsWith("forward_backward") ? "Sequence length 100 exceeds max_length 32" : undefined),
    });
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    await expect(model.forwardBackward([sequence], crossEntropy, soon())).rejects.toMatchObject({
      kind: "rejected",
      message: expect.stringMatching(/Sequence length 100 exceeds/),
    });
    await expect(model.optimStep(adam, soon())).rejects.toMatchObject({ kind: "lost" });
    expect(server.done.steps).toBe(0);
  });

  it("of one sample of a batch are asked for once more, each by itself", async () => {
    const failed: number[] = [];
    await using server = await tinkerServer({
      failure(path, nth) {
        if (!path.endsWith("asample") || failed.length >= 4) return undefined;
        // The plug, which keeps the engine busy, comes first.
        if (nth > 0) failed.push(nth);
        return nth > 0 ? "a batch mate was bad" : undefined;
      },
    });
    const engine = await connect(server);
    const requests = [1, 2, 3, 4].map((seed) => ({ prompt: [seed], maxTokens: 1, temperature: 1, seed, stopIds: [] }));
    const sampled = await engine.base()!.sample(requests, soon());
    expect(failed).toHaveLength(4);
    expect(sampled.map(({ ids }) => ids)).toEqual([[11], [12], [13], [14]]);
  });

  it("of gradients that are no numbers are told", async () => {
    await using server = await tinkerServer({ gradientNorm: null });
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    await model.forwardBackward([sequence], crossEntropy, soon());
    expect(await model.optimStep(adam, soon())).toEqual({ gradientNorm: Number.NaN });
  });
});

describe("a session", () => {
  it("is kept alive, and ends its heartbeats when it is closed", async () => {
    await using server = await tinkerServer();
    const engine = await connect(server, { heartbeatMilliseconds: 20 });
    await expect.poll(() => server.heartbeats()).toBeGreaterThan(2);
    await engine.close();
    const beats = server.heartbeats();
    await wait(100);
    expect(server.heartbeats()).toBeLessThanOrEqual(beats + 1);
  });

  it("that the server forgot refuses work", async () => {
    await using server = await tinkerServer({ forgetsSessions: () => true });
    const engine = await connect(server, { heartbeatMilliseconds: 10 });
    await expect.poll(() => server.heartbeats()).toBeGreaterThan(1);
    await expect(engine.createModel({ rank: 8, seed: 1 }, soon())).rejects.toMatchObject({ kind: "lost" });
    await engine.close();
  });

  it("sends the token with every call, and in no message", async () => {
    await using server = await tinkerServer({ fault: first("/create_model", { status: 403, detail: "no" }) });
    const engine = await connect(server, { token: "very-secret" });
    const error = await engine.createModel({ rank: 8, seed: 1 }, soon()).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ kind: "unauthorised" });
    expect(String(error)).not.toContain("very-secret");
    expect(server.calls.length).toBeGreaterThan(3);
    for (const { headers } of server.calls) expect(headers["authorization"]).toBe("Bearer very-secret");
    await expect(connect(server, { token: "two words" })).rejects.toMatchObject({ kind: "unauthorised" });
  });
});

describe("a call that is cancelled", () => {
  it("ends at once, also while it waits for an answer, and leaves the model closed for training", async () => {
    await using server = await tinkerServer({ notYet: 1_000_000, dialect: "other" });
    const engine = await connect(server);
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 100);
    const began = performance.now();
    await expect(engine.createModel({ rank: 8, seed: 1 }, cancel.signal)).rejects.toMatchObject({ kind: "cancelled" });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it("ends while a connection is silent", async () => {
    await using server = await tinkerServer({ fault: first("/optim_step", "silent") });
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    await model.forwardBackward([sequence], crossEntropy, soon());
    await expect(model.optimStep(adam, AbortSignal.timeout(100))).rejects.toMatchObject({ kind: "cancelled" });
    await expect(model.optimStep(adam, soon())).rejects.toMatchObject({ kind: "lost" });
    expect(server.done.steps).toBe(0);
  });
});

describe("published weights", () => {
  it("are refused once they were trained on or published again", async () => {
    await using server = await tinkerServer();
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    const ask = [{ prompt: [1], maxTokens: 1, temperature: 1, seed: 0, stopIds: [] }];
    const before = await model.publish(soon());
    await model.forwardBackward([sequence], crossEntropy, soon());
    expect(await before.sample(ask, soon())).toHaveLength(1);
    await model.optimStep(adam, soon());
    const sent = server.done.samples;
    await expect(before.sample(ask, soon())).rejects.toMatchObject({ kind: "stale" });
    await expect(before.logprobs([[1, 2]], soon())).rejects.toMatchObject({ kind: "stale" });
    expect(server.done.samples).toBe(sent);
    const after = await model.publish(soon());
    await model.publish(soon());
    await expect(after.sample(ask, soon())).rejects.toMatchObject({ kind: "stale" });
    await model.unload(soon());
  });
});

describe("what is sent", () => {
  it("is refused on this side where it would spoil or hang the engine", async () => {
    await using server = await tinkerServer();
    const engine = await connect(server);
    const model = await engine.createModel({ rank: 8, seed: 1 }, soon());
    const calls = server.calls.length;
    const ask = { prompt: [1], maxTokens: 1, temperature: 1, seed: 0, stopIds: [] };
    const refused = [
      () => engine.base()!.sample([ask, { ...ask, seed: 2 ** 40 }], soon()),
      () => engine.base()!.logprobs([[1, 100]], soon()),
      () => model.forward([], soon()),
      () => model.forwardBackward([], crossEntropy, soon()),
      () => model.forwardBackward([{ ...sequence, ids: [1, 2, 3, 100] }], crossEntropy, soon()),
      () => model.optimStep({ ...adam, learningRate: Number.NaN }, soon()),
      () => model.optimStep({ ...adam, epsilon: 0 }, soon()),
      () => engine.createModel({ rank: 0, seed: 1 }, soon()),
      () => engine.createModel({ rank: 8, seed: 2 ** 31 }, soon()),
      () => engine.createModel({ rank: 8, seed: 1, from: { path: "weights", optimiser: true } }, soon()),
    ];
    for (const call of refused) await expect(call()).rejects.toMatchObject({ name: "EngineError", kind: "invalid" });
    expect(server.calls).toHaveLength(calls);
  });

  it("fills the sampling width, with copies where requests are missing", async () => {
    await using server = await tinkerServer();
    const engine = await connect(server);
    const ask = { prompt: [1, 2], maxTokens: 3, temperature: 1, seed: 5, stopIds: [7] };
    await engine.base()!.sample([ask, { ...ask, seed: 6 }, { ...ask, seed: 7 }, { ...ask, seed: 8 }, ask], soon());
    // One request keeps the engine busy while two batches of four are sent.
    expect(server.done.samples).toBe(1 + 8);
    const stops = server.calls.filter(({ path }) => path.endsWith("asample")).slice(1);
    for (const { body } of stops) expect(body).toMatchObject({ sampling_params: { stop: [7, 7, 7, 7] } });
  });

  it("numbers training calls one by one", async () => {
    await using server = await tinkerServer();
    const model = await (await connect(server)).createModel({ rank: 8, seed: 1 }, soon());
    await Promise.all([
      model.forwardBackward([sequence], crossEntropy, soon()),
      model.optimStep(adam, soon()),
      model.forwardBackward([sequence], crossEntropy, soon()),
      model.optimStep(adam, soon()),
    ]);
    const steps = server.calls.filter(({ path }) => path.endsWith("optim_step"));
    expect(steps.map(({ body }) => body["seq_id"])).toEqual([2, 4]);
    expect(model.sequence).toBe(4);
    expect(server.done).toMatchObject({ passes: 2, steps: 2 });
  });
});

describe("connecting", () => {
  it.each([
    [
      "https://engine.example/api/v1/get_server_capabilities",
      /leads \S+ to https:\/\/engine\.example; name the engine by/,
    ],
    ["/elsewhere", /leads \S+ to another address; name/],
    ["javascript:x", /to another address; name/],
    ["http://[", /to another address; name/],
  ])("names the address that an engine's leads to: %s", async (location, sentence) => {
    await using server = await tinkerServer({ fault: () => ({ status: 308, location }) });
    await expect(connect(server)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringMatching(sentence) as string,
    });
  });

  it("refuses another base model, an address that is none, and a server that is no engine", async () => {
    await using server = await tinkerServer();
    await expect(connect(server, { baseModel: "other" })).rejects.toMatchObject({
      kind: "unknown-model",
      message: expect.stringMatching(/serves base and not other; start it with that model/),
    });
    for (const url of ["localhost:8000", "ftp://x", "http://u:p@127.0.0.1/", "http://127.0.0.1/?key=1"])
      await expect(connect(server, { url })).rejects.toMatchObject({ kind: "invalid" });
    await using none = await tinkerServer({
      fault: (call) => (call.path.endsWith("get_server_capabilities") ? { status: 200 } : undefined),
    });
    await expect(connect(none)).rejects.toMatchObject({ kind: "bad-response" });
  });

  it("finds the backend by the prompt's log-probs where nobody says it", async () => {
    await using server = await tinkerServer();
    const engine = await connectEngine({ url: server.url, samplingWidth: 4, signal: soon() });
    expect(engine.capabilities).toMatchObject({ engine: "skyrl-jax", promptLogprobsOffset: 0, fillsBatches: true });
  });
});
