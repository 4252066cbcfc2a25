import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RunEvent, RunPhase } from "../../protocol/run.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { isAlive } from "../../server/process-identity.ts";
import { LocalRunHost } from "../../server/runs/local-host.ts";
import { lampTask } from "./fixture/lamp-task.ts";
import { scratchHome } from "./fixture/running-engine.ts";

const signal = AbortSignal.timeout(850_000);
/** The process of a run as it ships: the real loop, the real engine. */
const command = { file: process.execPath, args: [join(import.meta.dirname, "../../server/run.ts")] };

async function launched() {
  const folder = scratchHome();
  const { recipe } = lampTask(folder, {
    supervised: { experts: true, epochs: 10, steps: 6, batch: 8, learningRate: { peak: 0.005 } },
    stages: [
      {
        name: "form",
        reward: "paper-stage1",
        iterations: 3,
        prompts: 2,
        rollouts: 4,
        minibatch: 4,
        zeroVariance: "keep",
        kl: { coefficient: 0.001 },
        learningRate: { peak: 0.003 },
      },
    ],
    evaluation: { data: [{ file: "questions.jsonl", limit: 4 }], every: 2 },
  });
  const file = join(folder, "lamps.recipe.jsonc");
  writeFileSync(file, JSON.stringify(recipe));
  const host = new LocalRunHost({ home: join(folder, "runs"), command, check: async () => ({ problems: [] }) });
  const launch = await host.launch(file, { key: "once" }, signal);
  if (!launch.ok) throw new Error(JSON.stringify(launch.problems));
  return { host, id: launch.id, folder: join(folder, "runs", launch.id) };
}

async function ended(host: LocalRunHost, id: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of host.events(id, 0, signal)) events.push(event);
  return events;
}

/** Kills the process a moment after a phase began, in its first iteration of at least `iteration`. */
async function killIn(run: Awaited<ReturnType<typeof launched>>, phase: RunPhase, iteration: number): Promise<void> {
  const { host, id, folder } = run;
  const from = (await host.details(id, signal)).summary.events;
  const cut = new AbortController();
  for await (const event of host.events(id, Math.max(0, from - 1), AbortSignal.any([signal, cut.signal]))) {
    if (event.type !== "phase" || event.status !== "begin" || event.phase !== phase || event.iteration < iteration)
      continue;
    const identity = JSON.parse(readFileSync(join(folder, "process.json"), "utf8")) as { pid: number; start: string };
    process.kill(identity.pid, "SIGKILL");
    while (isAlive(identity)) await wait(10, undefined, { signal });
    cut.abort();
    break;
  }
  const resumed = await host.resume(id, signal);
  expect(resumed).toMatchObject({ ok: true });
}

/** Every trained rollout as it was trained last, by its place in the run. */
async function rollouts(host: LocalRunHost, id: string): Promise<Map<string, Trajectory>> {
  const kept = await host.trajectories(id, { latest: 10_000 }, signal);
  const places = kept
    .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
    .flatMap((each) =>
      each.training?.group ? [[`${each.training.group}/${each.training.sample}`, each] as const] : [],
    );
  return new Map(places);
}

test("a run that is killed in phase after phase trains what an undisturbed one trains, and nothing twice", async () => {
  const calm = await launched();
  const calmEvents = await ended(calm.host, calm.id);
  expect(calmEvents.at(-1)).toMatchObject({ type: "done", outcome: "done" });
  const hurt = await launched();
  await killIn(hurt, "supervised", 0);
  await killIn(hurt, "rollouts", 0);
  await killIn(hurt, "train", 1);
  await killIn(hurt, "reference", 2);
  await killIn(hurt, "checkpoint", 3);
  const hurtEvents = await ended(hurt.host, hurt.id);
  expect(hurtEvents.at(-1)).toMatchObject({ type: "done", outcome: "done" });
  expect(hurtEvents.filter(({ type }) => type === "launched")).toHaveLength(6);
  expect(hurtEvents.map(({ seq }) => seq)).toEqual(hurtEvents.map((_, at) => at));
  const [wanted, got] = [await rollouts(calm.host, calm.id), await rollouts(hurt.host, hurt.id)];
  expect([...got.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
  expect(wanted.size).toBe(3 * 2 * 4);
  for (const [place, trajectory] of wanted) {
    const again = got.get(place)!;
    expect(again.text, place).toBe(trajectory.text);
    expect(again.reward!.total).toBe(trajectory.reward!.total);
    again.tokens!.logprobs!.forEach((value, at) => {
      const other = trajectory.tokens!.logprobs![at]!;
      if (value === null) return expect(other).toBeNull();
      expect(Math.abs(value - other)).toBeLessThan(1e-3);
    });
  }
  const scores = (events: RunEvent[]) =>
    events.flatMap((event) => (event.type === "evaluation" ? [event.metrics["f1"]] : []));
  expect(scores(hurtEvents).at(-1)).toBeCloseTo(scores(calmEvents).at(-1)!, 6);
  // An iteration that was acknowledged is not done again.
  let acknowledged = 0;
  for (const event of hurtEvents) {
    if (event.type === "checkpoint") acknowledged = Math.max(acknowledged, event.checkpoint.iteration);
    if (event.type === "iteration") expect(event.iteration).toBeGreaterThanOrEqual(acknowledged);
  }
  expect(
    hurtEvents.filter((event) => event.type === "log" && /everything it started has ended/.test(event.message)),
  ).not.toEqual([]);
});
