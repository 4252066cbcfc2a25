import { join } from "node:path";
import { expect, test } from "vitest";
import type { Recipe } from "../../protocol/recipe.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { openRecipe } from "../../server/open-recipe.ts";
import { runTraining } from "../../server/training/loop/run-training.ts";
import { readPeft } from "../../server/training/tinker/peft-archive.ts";
import { KeptHost } from "../fixtures/kept-host.ts";
import { lampTask } from "./fixture/lamp-task.ts";
import { freshEngine, scratchHome } from "./fixture/running-engine.ts";

const signal = AbortSignal.timeout(850_000);

/** Keeps the adapters that the loop exports, too. */
class WeighingHost extends KeptHost {
  readonly adapters: Uint8Array[] = [];
  override keepArchive(name: string, archive?: Uint8Array): string {
    this.adapters.push(readPeft(archive!).weights);
    return super.keepArchive(name);
  }
}

/** All that the seed decides of a rollout, by its place in the run. */
function decided(trajectories: Iterable<Trajectory>) {
  return Object.fromEntries(
    Array.from(trajectories, ({ training, text, tokens, reward, searches }) => [
      `${training?.group ?? "none"}/${training?.sample ?? 0}`,
      {
        text,
        ids: tokens?.ids,
        logprobs: tokens?.logprobs,
        reward: reward?.total,
        searches: searches.map(({ query, hits }) => [query, hits.map(({ passage }) => passage.id)]),
      },
    ]),
  );
}

test("the same recipe, seed and engine give the same trajectories, rewards and weights; another seed gives others", async () => {
  const folder = scratchHome();
  const { recipe, base } = lampTask(folder, {
    supervised: { experts: true, epochs: 10, steps: 4, batch: 8, learningRate: { peak: 0.005 } },
    stages: [
      {
        name: "form",
        reward: "paper-stage1",
        iterations: 2,
        prompts: 2,
        rollouts: 4,
        minibatch: 4,
        zeroVariance: "keep",
        learningRate: { peak: 0.003 },
      },
    ],
  });
  const { url } = await freshEngine({ model: join(folder, "model"), samplingWidth: 8, microBatch: 4 });
  const run = async (change: Partial<Recipe> = {}): Promise<WeighingHost> => {
    const given: Recipe = { ...recipe, engine: { kind: "remote", url, samplingWidth: 8 }, ...change };
    const own = scratchHome();
    const opened = await openRecipe({
      recipe: given,
      base,
      engineHome: join(own, "engine"),
      folder: own,
      signal,
      onProgress: () => {},
    });
    try {
      const host = new WeighingHost();
      const end = await runTraining(opened.parts, host, undefined, signal);
      expect(end.outcome, end.reason).toBe("done");
      return host;
    } finally {
      await opened.close();
    }
  };
  const first = await run();
  const rollouts = decided(first.trajectories.values());
  expect(Object.keys(rollouts)).toHaveLength(2 * 2 * 4);
  const again = await run();
  expect(decided(again.trajectories.values())).toEqual(rollouts);
  expect(first.adapters.length).toBeGreaterThan(0);
  expect(again.adapters.map((weights) => Buffer.from(weights).toString("base64"))).toEqual(
    first.adapters.map((weights) => Buffer.from(weights).toString("base64")),
  );
  const other = await run({ seed: recipe.seed + 1, stages: [{ ...recipe.stages[0]!, iterations: 1 }] });
  for (const [place, { text }] of Object.entries(decided(other.trajectories.values())))
    expect(text, place).not.toBe(rollouts[place]?.text);
});
