import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/run.ts";
import { identify, isAlive } from "../../server/process-identity.ts";
import { LocalRunHost } from "../../server/runs/local-host.ts";
import type { RecipeInput } from "../../protocol/recipe.ts";
import { writeRecipe } from "../fixtures/training-recipe.ts";
import { openCutProxy } from "./fixture/cut-proxy.ts";
import { freshEngine, scratchHome, tinyModel } from "./fixture/running-engine.ts";

const iterations = 3;
const signal = (): AbortSignal => AbortSignal.timeout(300_000);
const command = { file: process.execPath, args: [join(import.meta.dirname, "fixture", "engine-run.ts")] };

function fresh(engine?: RecipeInput["engine"]) {
  const folder = scratchHome();
  const host = new LocalRunHost({ home: join(folder, "runs"), command, check: async () => ({ problems: [] }) });
  const recipe = writeRecipe(folder, {
    about: "150",
    model: { base: tinyModel(), rank: 8 },
    engine: engine ?? { kind: "local", samplingWidth: 8, microBatch: 4 },
    stages: [
      {
        name: "answers",
        reward: "paper-stage2",
        iterations,
        prompts: 1,
        rollouts: 2,
        minibatch: 2,
        learningRate: { peak: 0.01 },
      },
    ],
  });
  const launch = async (): Promise<string> => {
    const launched = await host.launch(recipe, { key: "the-only-key" }, signal());
    if (!launched.ok) throw new Error(JSON.stringify(launched.problems));
    return launched.id;
  };
  return { host, launch, folderOf: (id: string) => join(folder, "runs", id) };
}

async function all(host: LocalRunHost, id: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of host.events(id, 0, signal())) events.push(event);
  return events;
}

async function until(host: LocalRunHost, id: string, found: (event: RunEvent) => boolean): Promise<RunEvent> {
  for await (const event of host.events(id, 0, signal())) if (found(event)) return event;
  throw new Error(`The run ended before: ${(await host.log(id, 20, signal())).join("\n")}`);
}

async function killProcess(folder: string): Promise<void> {
  const identity = JSON.parse(readFileSync(join(folder, "process.json"), "utf8")) as { pid: number; start: string };
  process.kill(identity.pid, "SIGKILL");
  while (isAlive(identity)) await wait(10);
}

/** Optimiser steps by the engine's own book, for each adapter in the order in which they were made. */
function stepsInEngine(engineHome: string): number[] {
  const file = readdirSync(engineHome).find((name) => name.endsWith(".db"))!;
  const database = new DatabaseSync(join(engineHome, file), { readOnly: true });
  try {
    const rows = database
      .prepare(
        "select model_id, count(*) as steps from futures where upper(request_type) = 'OPTIM_STEP' and upper(status) = 'COMPLETED' group by model_id order by min(request_id)",
      )
      .all() as { model_id: string; steps: number }[];
    return rows.map(({ steps }) => steps);
  } finally {
    database.close();
  }
}

const probes = (events: readonly RunEvent[]): number[] => {
  const byIteration: number[] = [];
  for (const event of events) if (event.type === "iteration") byIteration[event.iteration] = event.metrics["probe"]!;
  return byIteration;
};

/** Processes whose working files are in a folder. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder) && isAlive(identify(Number(pid)));
      } catch {
        return false;
      }
    });
}

function soundOrder(events: readonly RunEvent[]): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done" });
}

let undisturbed: number[];

test("an undisturbed run trains each iteration once and leaves nothing running", async () => {
  const { host, launch, folderOf } = fresh();
  const id = await launch();
  const events = await all(host, id);
  soundOrder(events);
  undisturbed = probes(events);
  expect(new Set(undisturbed).size).toBe(iterations);
  expect(stepsInEngine(join(folderOf(id), "engine"))).toEqual([iterations]);
  expect(processesOf(folderOf(id))).toEqual([]);
}, 300_000);

test.each(["rollouts", "train", "checkpoint"] as const)(
  "a run whose process is killed while it does %s ends with the weights of an undisturbed one",
  async (phase) => {
    const { host, launch, folderOf } = fresh();
    const id = await launch();
    await until(host, id, (event) => event.type === "phase" && event.iteration === 1 && event.phase === phase);
    // Into the work itself, past the moment that is waited before it.
    await wait(170);
    await killProcess(folderOf(id));
    const crashed = (await host.details(id, signal())).summary;
    expect(crashed.state).toBe("crashed");
    const resumedFrom = crashed.checkpoints;
    expect(resumedFrom).toBeGreaterThanOrEqual(1);
    await host.resume(id, signal());
    const events = await all(host, id);
    soundOrder(events);
    const final = probes(events);
    for (const [index, probe] of undisturbed.entries()) expect(final[index]).toBeCloseTo(probe, 3);
    // Acknowledged iterations were done by the first process alone, the rest by the second alone.
    const steps = stepsInEngine(join(folderOf(id), "engine"));
    expect(steps).toHaveLength(2);
    expect(steps[1]).toBe(iterations - resumedFrom);
    expect(steps[0]! - resumedFrom).toBeLessThanOrEqual(1);
    expect(processesOf(folderOf(id))).toEqual([]);
  },
  120_000,
);

test("an engine that is killed is started again and the run ends as if nothing had been", async () => {
  const { host, launch, folderOf } = fresh();
  const id = await launch();
  await until(host, id, (event) => event.type === "phase" && event.iteration === 1 && event.phase === "train");
  const record = JSON.parse(readFileSync(join(folderOf(id), "engine", "engine.json"), "utf8")) as {
    leader: { pid: number };
  };
  process.kill(-record.leader.pid, "SIGKILL");
  const events = await all(host, id);
  soundOrder(events);
  expect(events.filter(({ type }) => type === "launched")).toHaveLength(1);
  expect(events.some((event) => event.type === "log" && event.message.includes("started again"))).toBe(true);
  for (const [index, probe] of undisturbed.entries()) expect(probes(events)[index]).toBeCloseTo(probe, 3);
  expect(processesOf(folderOf(id))).toEqual([]);
}, 300_000);

test("a run on an engine elsewhere outlasts a cut of the network in the middle of a call, and trains nothing twice", async () => {
  const engine = await freshEngine({ samplingWidth: 8, microBatch: 4 });
  const proxy = await openCutProxy(engine.url);
  try {
    const { host, launch } = fresh({ kind: "remote", url: proxy.url, samplingWidth: 8 });
    const id = await launch();
    await until(host, id, (event) => event.type === "phase" && event.iteration === 1 && event.phase === "train");
    proxy.cut();
    await wait(1_000);
    proxy.mend();
    const events = await all(host, id);
    soundOrder(events);
    for (const [index, probe] of undisturbed.entries()) expect(probes(events)[index]).toBeCloseTo(probe, 3);
    expect(stepsInEngine(engine.home)).toEqual([iterations]);
  } finally {
    await proxy.close();
  }
}, 300_000);
