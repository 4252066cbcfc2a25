import { expect, test } from "vitest";
import { withCheckpoint } from "../../../protocol/run-checkpoints.ts";
import type { RunCheckpoint } from "../../../protocol/run.ts";

const checkpoint = (name: string, best: boolean): RunCheckpoint => ({
  name,
  iteration: 1,
  stage: "a",
  path: name,
  best,
});

test("one checkpoint is the best: the one that was called so last", () => {
  let list: RunCheckpoint[] = [];
  for (const each of [checkpoint("a", true), checkpoint("b", false), checkpoint("c", true), checkpoint("d", false)])
    list = withCheckpoint(list, each);
  expect(list.map(({ name, best }) => [name, best])).toEqual([
    ["a", false],
    ["b", false],
    ["c", true],
    ["d", false],
  ]);
});

test("a name that comes again is the same checkpoint, and the last", () => {
  const list = withCheckpoint([checkpoint("a", true), checkpoint("b", false)], checkpoint("a", false));
  expect(list.map(({ name, best }) => [name, best])).toEqual([
    ["b", false],
    ["a", false],
  ]);
});
