import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RowFilter, RowPage } from "../../../protocol/trajectory-file.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { SavedFilter, withSaved } from "../../../protocol/saved-filter.ts";
import { TrajectoryFiles } from "../../../server/editor/trajectory-files.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";

let folder: string;
const signal = new AbortController().signal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-pairs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const [before, after] = [0, 1].map((step) =>
  rolloutGroups({ steps: 2, prompts: 3, samples: 3 }).filter(({ training }) => training!.step === step),
) as [Trajectory[], Trajectory[]];
const isRight = ({ answer, golds }: Trajectory): boolean => answer!.text.includes(golds![0]!);

function write(name: string, trajectories: readonly Trajectory[]): string {
  const path = join(folder, name);
  writeFileSync(path, trajectories.map((each) => `${JSON.stringify(each)}\n`).join(""));
  return path;
}

async function compared(path: string, against: string, filter: RowFilter = {}): Promise<RowPage> {
  const files = new TrajectoryFiles(signal);
  const query = { filter, sort: { key: "line", descending: false }, offset: 0, limit: 100 } as const;
  for (;;) {
    const page = await files.page(path, query, signal, against);
    if (page.complete) return page;
  }
}

test("rollouts are paired by question and number, whatever the order of the files, and flips are told by the answers", async () => {
  const path = write("after.jsonl", after.toReversed());
  const against = write("before.jsonl", before);
  const { rows, flips } = await compared(path, against);
  for (const row of rows) {
    const at = after.findIndex(({ id }) => id === row.id);
    expect(row.right).toBe(isRight(after[at]!));
    expect(row.pair).toMatchObject({ line: at + 1, right: isRight(before[at]!), reward: before[at]!.reward!.total });
  }
  const won = after.filter((each, at) => isRight(each) && !isRight(before[at]!)).map(({ id }) => id);
  const lost = after.filter((each, at) => !isRight(each) && isRight(before[at]!)).map(({ id }) => id);
  expect(flips).toEqual({ paired: 9, won: won.length, lost: lost.length });
  const ids = async (flip: "won" | "lost" | "either") =>
    (await compared(path, against, { flip })).rows.map(({ id }) => id).sort();
  expect(await ids("won")).toEqual(won.toSorted());
  expect(await ids("lost")).toEqual(lost.toSorted());
  expect(await ids("either")).toEqual([...won, ...lost].sort());
});

test("flips are by the measure that is chosen: covering a gold answer, being one, or half of its words", async () => {
  const answers = [
    ["in 1974", "1974"],
    ["1974", "it was in the year of 1974"],
    ["1998", "1974 or 1998"],
  ] as const;
  const of = (side: 0 | 1): Trajectory[] =>
    answers.map((pair, at) => ({
      ...after[at]!,
      question: `question ${at}`,
      golds: ["1974"],
      answer: { ...after[at]!.answer!, text: pair[side] },
    }));
  const [path, against] = [write("after.jsonl", of(1)), write("before.jsonl", of(0))];
  const won = async (rightBy?: "cem1" | "em" | "f1") => {
    const { rows, flips } = await compared(path, against, rightBy ? { rightBy } : {});
    const { rows: listed } = await compared(path, against, { flip: "either", ...(rightBy ? { rightBy } : {}) });
    expect(listed).toHaveLength(flips!.won + flips!.lost);
    return rows.map(({ right, pair }) => `${pair!.right}-${right}`);
  };
  expect(await won()).toEqual(["true-true", "true-true", "false-true"]);
  expect(await won("cem1")).toEqual(await won());
  expect(await won("em")).toEqual(["false-true", "true-false", "false-false"]);
  expect(await won("f1")).toEqual(["true-true", "true-false", "false-true"]);
});

test("what only one file has stays unpaired, and without gold answers nothing is right or wrong", async () => {
  const bare = after.map((each) => ({ ...each, golds: [] }));
  const { rows, flips } = await compared(write("after.jsonl", bare), write("before.jsonl", before.slice(0, 2)));
  expect(rows.map(({ pair }) => pair?.line)).toEqual([1, 2, ...Array.from({ length: 7 }, () => undefined)]);
  expect(rows.every(({ right }) => right === undefined)).toBe(true);
  expect(flips).toEqual({ paired: 2, won: 0, lost: 0 });
});

test("saved filters are kept by name in the order of the alphabet; a nameless one is none", () => {
  const saved = (name: string, step: number) =>
    SavedFilter.parse({ name, filter: { step }, sort: { key: "reward", descending: true } });
  const all = withSaved(withSaved(withSaved([], saved("b", 1)), saved("a", 2)), saved(" b ", 3));
  expect(all.map(({ name, filter }) => [name, filter.step])).toEqual([
    ["a", 2],
    ["b", 3],
  ]);
  expect(SavedFilter.safeParse({ name: " ", filter: {}, sort: { key: "line", descending: false } }).success).toBe(
    false,
  );
});
