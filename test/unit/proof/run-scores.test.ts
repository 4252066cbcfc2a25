import { expect, test } from "vitest";
import type { RunEvent } from "../../../protocol/run.ts";
import { runScores } from "../../proof/run-scores.ts";

const sets = new Map([
  ["a", "one"],
  ["b", "two"],
  ["c", "one"],
]);

function evaluation(seq: number, iteration: number, f1: [number, number, number], told = true): RunEvent {
  const questions = { ids: ["a", "b", "c"], f1, em: [0, 1, 0], form: [1, 1, 0], searches: [1, 2, 1] };
  const base = {
    seq,
    at: "2026-01-01T00:00:00.000Z",
    type: "evaluation",
    iteration,
    metrics: {},
    best: false,
  } as const;
  return told ? { ...base, questions } : base;
}

test("the run's evaluations are those of the three policies, set by set", () => {
  const events = [
    evaluation(0, 0, [0, 0, 0]),
    evaluation(1, 0, [0.5, 0.25, 0.75]),
    evaluation(2, 4, [0.6, 0.3, 0.8]),
    evaluation(3, 8, [1, 0.5, 0.9]),
  ];
  const scores = runScores(events, sets);
  expect(scores.map(({ name, set, ids, f1 }) => [name, set, ids, f1])).toEqual([
    ["frozen", "one", ["a", "c"], [0, 0]],
    ["frozen", "two", ["b"], [0]],
    ["supervised", "one", ["a", "c"], [0.5, 0.75]],
    ["supervised", "two", ["b"], [0.25]],
    ["reinforced", "one", ["a", "c"], [1, 0.9]],
    ["reinforced", "two", ["b"], [0.5]],
  ]);
  expect(scores[1]).toMatchObject({ temperature: 0, em: [1], form: [1], searches: [2], found: [] });
});

test("a policy without an evaluation, or one of an earlier version's events, is left out", () => {
  expect(runScores([evaluation(0, 0, [0, 0, 0])], sets).map(({ name }) => name)).toEqual(["frozen", "frozen"]);
  expect(runScores([evaluation(0, 4, [0, 0, 0], false)], sets)).toEqual([]);
});
