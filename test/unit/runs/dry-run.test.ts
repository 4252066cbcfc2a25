import { expect, test } from "vitest";
import { Recipe } from "../../../protocol/recipe.ts";
import type { RunEvent } from "../../../protocol/run.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { checkDryRun } from "../../../server/runs/dry-run-checks.ts";
import { scaledDown } from "../../../server/runs/dry-run.ts";
import { sampleRecipe } from "../../fixtures/training-recipe.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const at = "2026-01-02T03:04:05.000Z";

function good(): { events: RunEvent[]; trajectories: Trajectory[] } {
  const bodies = [
    ...[0, 1].map((iteration) => ({
      type: "iteration" as const,
      iteration,
      stage: "a",
      metrics: { "reward/mean": 0 },
    })),
    { type: "checkpoint" as const, checkpoint: { name: "c", iteration: 2, stage: "a", path: "p", best: false } },
    { type: "log" as const, level: "info" as const, message: "The engine and everything it started has ended." },
    { type: "done" as const, outcome: "done" as const, reason: "All done." },
  ];
  const trajectory = sampleTrajectory();
  const [prompt, think] = trajectory.segments;
  trajectory.segments = [
    { ...prompt!, tokenStart: 0, tokenEnd: 2 },
    { ...think!, tokenStart: 2, tokenEnd: 4 },
  ];
  trajectory.tokens = { tokenizer: "t", ids: [1, 2, 3, 4], logprobs: [null, null, -1, -1] };
  const component = { name: "answer", value: 0.5, weight: 2, violations: [] };
  trajectory.reward = { profile: "paper-stage2", total: 1, components: [component] };
  return { events: bodies.map((body, seq) => ({ seq, at, ...body })), trajectories: [trajectory] };
}

const failed = ({ events, trajectories }: ReturnType<typeof good>): string[] =>
  checkDryRun(events, trajectories, 2).flatMap(({ ok, name }) => (ok ? [] : [name]));

test("a dry run passes where all is as it should be, and each thing that is not fails its own check", () => {
  expect(failed(good())).toEqual([]);
  const changes: [string[], (made: ReturnType<typeof good>) => void][] = [
    [["end"], ({ events }) => void events.pop()],
    [["iterations"], ({ events }) => void events.shift()],
    [["iterations"], ({ events }) => Object.assign(events[0]!, { metrics: { loss: Number.NaN } })],
    [["checkpoint"], ({ events }) => void events.splice(2, 1)],
    [["teardown"], ({ events }) => void events.splice(3, 1)],
    [["masks"], ({ trajectories }) => void (trajectories[0]!.segments[0]!.origin = "policy")],
    [["masks"], ({ trajectories }) => void (trajectories[0]!.segments[1]!.tokenEnd = 3)],
    [["masks"], ({ trajectories }) => void (trajectories[0]!.segments[1]!.origin = "environment")],
    [["masks"], ({ trajectories }) => void delete trajectories[0]!.tokens],
    [["rewards"], ({ trajectories }) => void (trajectories[0]!.reward!.total = 2)],
    [["rewards"], ({ trajectories }) => void delete trajectories[0]!.reward],
  ];
  for (const [names, change] of changes) {
    const made = good();
    change(made);
    expect(failed(made), change.toString()).toEqual(names);
  }
});

test("any recipe scaled down is a recipe still, of two iterations on the tiny model", () => {
  const input = sampleRecipe();
  const stage = input.stages[0]!;
  for (const stages of [
    [{ ...stage, iterations: 500, prompts: 64, rollouts: 16, minibatch: 256 }],
    [stage, { ...stage, name: "second" }, { ...stage, name: "third" }],
  ]) {
    const small = scaledDown(
      Recipe.parse({ ...input, engine: { kind: "local", backend: "fsdp", devices: 8 }, stages }),
    );
    expect(Recipe.parse(small)).toEqual(small);
    expect(small.stages.reduce((sum, { iterations }) => sum + iterations, 0)).toBe(2);
    expect(small.model.base).toBe("tiny");
    expect(small.engine).toMatchObject({ kind: "local", backend: "jax" });
    expect(small.stages[0]!.reward).toBe(stage.reward);
  }
});
