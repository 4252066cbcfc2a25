import { expect, test } from "vitest";
import { Recipe } from "../../../protocol/recipe.ts";
import type { RunSummary } from "../../../protocol/run.ts";
import { duration, estimateDocument, estimateLines } from "../../../src/training/estimate-text.ts";
import { hasErrors, problemsSentence } from "../../../src/training/problems.ts";
import { draftRecipe, draftText, type Plan, recipeName, type Size } from "../../../src/training/recipe-draft.ts";
import { endingsOf } from "../../../src/training/run-endings.ts";
import { contextOf, describeTraining, endingSentence } from "../../../src/training/run-words.ts";
import { readRecipeText } from "../../../server/editor/recipe-text.ts";
import { runSummary } from "../../fixtures/training-run.ts";

const answers = {
  name: "observatory-small",
  documents: ".",
  questions: "questions.jsonl",
  model: "tiny",
  engine: undefined,
} as const;
const sizes: Size[] = ["try-out", "small", "full"];
const plans: Plan[] = ["two-stages", "answers", "supervised-then-answers"];

test.each(sizes.flatMap((size) => plans.map((stages) => [size, stages] as const)))(
  "a %s recipe of %s is a recipe, and its text says the same",
  (size, stages) => {
    const given = { ...answers, size, stages };
    const recipe = Recipe.parse(draftRecipe(given));
    expect(readRecipeText(draftText(given)).recipe).toEqual(recipe);
    for (const stage of recipe.stages) expect(stage.minibatch).toBeLessThanOrEqual(stage.prompts * stage.rollouts);
  },
);

test("the full size is the paper's: 64 questions, 16 rollouts, 256 rollouts a step", () => {
  const [stage] = draftRecipe({ ...answers, size: "full", stages: "answers" }).stages;
  expect(stage).toMatchObject({ prompts: 64, rollouts: 16, minibatch: 256 });
});

test("an engine elsewhere is named by its address", () => {
  const recipe = draftRecipe({ ...answers, engine: "https://gpu.example:8000", size: "small", stages: "answers" });
  expect(recipe.engine).toEqual({ kind: "remote", url: "https://gpu.example:8000" });
});

test("any text gives a name that a recipe takes", () => {
  expect(["Mein Ordner (2)", "---", "Ünïcode", "x".repeat(99)].map(recipeName)).toEqual([
    "mein-ordner-2",
    "searcher",
    "n-code",
    "x".repeat(64),
  ]);
});

const run = (fields: Partial<RunSummary>): RunSummary => ({ ...runSummary, ...fields });

test("a damaged run is told with its reason, offers its removal, and nothing that needs what it was", () => {
  const damaged = run({
    id: "a",
    name: "a",
    state: "damaged",
    checkpoints: 2,
    reason: "run.json is no JSON; remove it.",
  });
  expect(contextOf(damaged)).toBe("training.damaged");
  expect(describeTraining(damaged)).toMatchObject({ icon: "warning", detail: expect.stringContaining("is no JSON") });
  expect(endingSentence(damaged)).toBe("The training run a is damaged. Run.json is no JSON; remove it.");
});

test("an end is told once, and only of a run that was seen alive", () => {
  const live = run({ id: "a" });
  const foreign = run({ id: "b", state: "done" });
  const first = endingsOf([live, foreign], []);
  expect(first).toEqual({ ended: [], followed: ["a"] });
  const over = run({ id: "a", state: "failed", reason: "The engine is gone." });
  const second = endingsOf([over, foreign], first.followed);
  expect(second).toEqual({ ended: [over], followed: [] });
  expect(endingsOf([over, foreign], second.followed).ended).toEqual([]);
});

test("a run of a service that is out of reach is followed until it is back; a removed one is forgotten", () => {
  const away = run({ id: "a", host: "http://far:1" });
  const { followed } = endingsOf([away, run({ id: "gone" })], []);
  const meanwhile = endingsOf([], followed);
  expect(meanwhile).toEqual({ ended: [], followed: ["http://far:1 a"] });
  const back = { ...away, state: "done" as const };
  expect(endingsOf([back], meanwhile.followed).ended).toEqual([back]);
});

test("a run in a list says its state in words, its progress and its reward", () => {
  const words = describeTraining(run({ iteration: 3, iterations: 12, reward: 0.4123, bestScore: 0.5, checkpoints: 1 }));
  expect(words.description).toBe("running · iteration 3 of 12 · reward 0.41");
  expect(words.detail).toContain("this machine");
  expect(words.detail).toContain("1 checkpoint");
});

test("the tree's menus go by what can be done", () => {
  expect(contextOf(run({}))).toBe("training.running");
  expect(contextOf(run({ state: "crashed", checkpoints: 2 }))).toBe("training.ended.saved");
  expect(contextOf(run({ state: "done", checkpoints: 1 }))).toBe("training.done.saved");
});

test("an end is told in one sentence with its reason", () => {
  expect(endingSentence(run({ state: "done", iteration: 1, reward: 0.5 }))).toBe(
    "The training run observatory-small is done after 1 iteration, mean reward 0.50.",
  );
  expect(endingSentence(run({ state: "failed", iteration: 4, reason: "the disk is full" }))).toBe(
    "The training run observatory-small failed after 4 iterations. The disk is full.",
  );
});

const range = { expected: 10, most: 20 };
const estimate = {
  rollouts: 2048,
  optimiserSteps: 8,
  policyTokens: range,
  trainedTokens: range,
  searches: { expected: 5, most: 5 },
  seconds: { expected: 5_400, most: 12_000 },
  money: { currency: "EUR", expected: 1, most: 2.5 },
  assumptions: ["Rollouts are as long as those measured."],
};

test("an estimate says what is expected, what it can be at most, and on what it rests", () => {
  expect(estimateLines(estimate)).toEqual([
    "Rollouts: 2.05K",
    "Optimiser steps: 8",
    "Sampled tokens: about 10, at most 20",
    "Trained tokens: about 10, at most 20",
    "Searches: 5",
    "Time: about 1 h 30 min, at most 3 h 20 min",
    "Cost: about 1.00 EUR, at most 2.50 EUR",
  ]);
  const { seconds: _, ...unmeasured } = estimate;
  expect(estimateLines(unmeasured)).toContain("Time: unknown, no rate was measured for this engine and model");
  const problem = { field: "data.0.file", severity: "error" as const, message: "There is no such file." };
  const page = estimateDocument("a", [problem], estimate);
  expect(page).toContain("Rollouts are as long as those measured.");
  expect(page).toContain("**error** at `data.0.file`: There is no such file.");
});

test("times are written in the unit that fits", () => {
  expect([5, 89, 120, 5_400, 7_200].map(duration)).toEqual(["5 s", "89 s", "2 min", "1 h 30 min", "2 h"]);
});

test("problems come to one sentence, errors before warnings", () => {
  const warning = { field: "", severity: "warning" as const, message: "Little data." };
  const error = { field: "", severity: "error" as const, message: "No model." };
  expect(problemsSentence("It cannot be launched", [warning, error, error])).toBe(
    "It cannot be launched: No model. (and 1 more problem)",
  );
  expect(hasErrors([warning])).toBe(false);
});
