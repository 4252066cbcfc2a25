import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, readdirSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { ensureEnvironment } from "../../server/engine/environment.ts";
import { groupRuns } from "../../server/engine/process-group.ts";
import { type EngineEnd, startEngine } from "../../server/engine/start-engine.ts";
import { isAlive } from "../../server/process-identity.ts";
import { RawProtocol } from "./fixture/raw-protocol.ts";
import { freshEngine, scratchHome, sharedEngine, tinyModel } from "./fixture/running-engine.ts";

const call = async (url: string, path: string, body?: object): Promise<unknown> => {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/v1${path}`, body ? post : {});
  expect(response.status).toBe(200);
  return response.json();
};

test("an engine answers with its model loaded, on this machine only", async () => {
  const engine = await sharedEngine();
  expect(new URL(engine.url).hostname).toBe("127.0.0.1");
  expect(await call(engine.url, "/healthz")).toMatchObject({ status: "ok" });
  expect(await call(engine.url, "/get_server_capabilities")).toMatchObject({
    supported_models: [{ model_name: tinyModel() }],
  });
  expect(isAlive(engine.identity)).toBe(true);
  const { session_id } = (await call(engine.url, "/create_session", { tags: [], sdk_version: "0" })) as {
    session_id: string;
  };
  const lora = { base_model: tinyModel(), lora_config: { rank: 8, seed: 1 }, session_id };
  const { request_id } = (await call(engine.url, "/create_model", lora)) as { request_id: string };
  const begun = performance.now();
  expect(await call(engine.url, "/retrieve_future", { request_id })).toMatchObject({
    model_id: expect.stringMatching(/^model_/),
  });
  // Ready means that the model is loaded: making an adapter compiles something small at most.
  expect(performance.now() - begun).toBeLessThan(15_000);
});

test("another engine on the same folder is refused while one runs", async () => {
  const { home } = await sharedEngine();
  await expect(freshEngine({ home })).rejects.toMatchObject({ name: "EngineStartError", kind: "busy" });
});

test("of two that start on the same folder at once, one does", async () => {
  const home = scratchHome();
  const outcomes = await Promise.allSettled([freshEngine({ home }), freshEngine({ home })]);
  const [started] = outcomes.filter((outcome) => outcome.status === "fulfilled");
  const [refused] = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(refused?.reason).toMatchObject({ kind: "busy" });
  await started!.value.stop();
  // The right to the folder went back with it.
  expect(readdirSync(home)).not.toContain("engine.claim");
});

test("a port that is taken and a folder without a model are refused before anything starts", async () => {
  const port = Number(new URL((await sharedEngine()).url).port);
  await expect(freshEngine({ port })).rejects.toMatchObject({ kind: "port" });
  await expect(freshEngine({ model: tmpdir() })).rejects.toMatchObject({ kind: "model" });
});

test("an interpreter that has the packages starts the engine in the place of uv, and nothing of it is left", async () => {
  const { python } = await ensureEnvironment({ backend: "jax" }, AbortSignal.timeout(300_000));
  const engine = await freshEngine({ python });
  expect(await call(engine.url, "/healthz")).toMatchObject({ status: "ok" });
  const programs = execFileSync("ps", ["-A", "-o", "pgid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${engine.group} `));
  // The launcher twice, since the server starts its engine process by it, and the two interpreters.
  expect(programs.filter((line) => /given-[0-9a-f]{12}\/uv run/.test(line))).toHaveLength(2);
  expect(programs.filter((line) => line.includes(`${python} -m skyrl.tinker.`))).toHaveLength(2);
  await engine.stop();
  expect(await groupRuns(engine.group)).toBe(false);
});

test("an engine that is killed is noticed, and nothing of its group is left", async () => {
  const engine = await freshEngine();
  // The server itself, so that its engine process would go on without it.
  const server = execFileSync("ps", ["-A", "-o", "pid=,pgid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, group, ...args]) =>
        Number(group) === engine.group && /python/.test(args[0]!) && args.includes("skyrl.tinker.api"),
    );
  process.kill(Number(server![0]), "SIGKILL");
  const end: EngineEnd = await engine.exited;
  expect(end.reason).toMatch(/^The engine ended by itself/);
  expect(await groupRuns(engine.group)).toBe(false);
  expect(existsSync(join(engine.home, "engine.json"))).toBe(false);
});

test("the engine ends with the process that started it, even when that is killed", async () => {
  const home = scratchHome();
  const module = new URL("../../server/engine/start-engine.ts", import.meta.url).href;
  const options = { model: tinyModel(), home, backend: "jax", rank: 8, adapters: 4, microBatch: 8, samplingWidth: 16 };
  const program = `
    const { startEngine } = await import(${JSON.stringify(module)});
    const engine = await startEngine({ ...${JSON.stringify(options)}, signal: AbortSignal.timeout(200_000) });
    console.log(engine.group);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: starter.stdout }), "line")) as [string];
  const group = Number(line);
  expect(await groupRuns(group)).toBe(true);
  starter.kill("SIGKILL");
  for (let tries = 0; tries < 100 && (await groupRuns(group)); tries++) await wait(100);
  expect(await groupRuns(group)).toBe(false);
  // The folder is free again, and its record names nothing that runs.
  const again = await freshEngine({ home });
  expect(JSON.parse(readFileSync(join(home, "engine.json"), "utf8")).leader.pid).toBe(again.pid);
});

test("a start that is cancelled leaves nothing", async () => {
  const cancel = new AbortController();
  const home = scratchHome();
  const record = join(home, "engine.json");
  const starting = startEngine({
    model: tinyModel(),
    home,
    backend: "jax",
    rank: 8,
    adapters: 4,
    microBatch: 8,
    samplingWidth: 16,
    signal: cancel.signal,
  });
  // Its process is there by then, and not ready.
  const begun = expect.poll(() => existsSync(record), { interval: 10 }).toBe(true);
  await Promise.all([expect(starting).rejects.toMatchObject({ kind: "cancelled" }), begun.then(() => cancel.abort())]);
  expect(existsSync(record)).toBe(false);
});

test("weights that the engine cannot load are named in its own words", async () => {
  const model = scratchHome();
  cpSync(tinyModel(), model, { recursive: true });
  truncateSync(join(model, "model.safetensors"), 100_000);
  await expect(freshEngine({ model })).rejects.toMatchObject({
    kind: "start",
    message: expect.stringMatching(/^The engine ended by itself: .*SafetensorError: .*; .*engine\.log has the rest\.$/),
  });
});

test("the parameters can be spread over two virtual devices, and train there", async () => {
  const engine = await freshEngine({ devices: 2 });
  const protocol = new RawProtocol(engine.url);
  const model = await protocol.createModel(tinyModel());
  const ids = Array.from({ length: 40 }, (_, index) => 300 + index);
  const prompt = ids.slice(0, 8);
  await protocol.train(model, 1, ids);
  expect(await protocol.sample(prompt, { model_id: model })).not.toBe(
    await protocol.sample(prompt, { base: tinyModel() }),
  );
});
