import { expect, test } from "vitest";
import type { PolicyScores } from "../../proof/evaluate-checkpoints.ts";
import { meanScores } from "../../proof/proof-results.ts";

const scores = (ids: string[], f1: number[]): PolicyScores => ({
  ...{ name: "supervised", temperature: 0, set: "one", ids, f1, em: f1, form: f1, searches: f1, found: [] },
});

test("a question's mean is over the seeds that were asked it, whatever their order", () => {
  const [row, ...rest] = meanScores([[scores(["a", "b"], [1, 0.5])], [scores(["c", "a"], [0.25, 0])]]);
  expect(rest).toEqual([]);
  expect(row).toMatchObject({ ids: ["a", "b", "c"], f1: [0.5, 0.5, 0.25], found: [] });
});
