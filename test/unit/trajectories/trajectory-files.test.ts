import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RowFilter, RowPage, RowQuery } from "../../../protocol/trajectory-file.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { TrajectoryFiles } from "../../../server/editor/trajectory-files.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";

let folder: string;
let path: string;
let files: TrajectoryFiles;
const signal = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-files-"));
  path = join(folder, "run.trajectories.jsonl");
  files = new TrajectoryFiles(signal);
});
afterEach(() => rmSync(folder, { recursive: true }));

const lineOf = (trajectory: unknown): string => `${JSON.stringify(trajectory)}\n`;
const byLine: RowQuery["sort"] = { key: "line", descending: false };

function write(trajectories: readonly unknown[]): void {
  writeFileSync(path, trajectories.map(lineOf).join(""));
}

/** The page once the whole file is read. */
async function page(filter: RowFilter = {}, sort = byLine, offset = 0, limit = 500): Promise<RowPage> {
  for (;;) {
    const found = await files.page(path, { filter, sort, offset, limit }, signal);
    if (found.complete) return found;
  }
}

const groups = rolloutGroups({ steps: 2, prompts: 3, samples: 4 });

test("each line is a row with its place in the run, reward, rules and shares; a record comes whole by its key", async () => {
  write(groups);
  const { rows, total, matched } = await page();
  expect([total, matched, rows.length]).toEqual([24, 24, 24]);
  for (const [index, row] of rows.entries()) {
    const { training, reward, id } = groups[index]!;
    expect(row).toMatchObject({
      id,
      line: index + 1,
      step: training!.step,
      group: training!.group,
      reward: reward!.total,
    });
  }
  const record = await files.record(path, rows[7]!.key, new Set(), async () => null);
  expect(record!.trajectory).toEqual(groups[7]);
  // Its tokens are none of the released code's tokenizer, whose search therefore finds no block.
  expect(new Set(record!.verdict!.disagreements.map(({ kind }) => kind))).toEqual(new Set(["tokenizer-mismatch"]));
});

test("filters hold together; bounds are of the chosen component", async () => {
  write(groups);
  const ids = async (filter: RowFilter): Promise<string[]> => (await page(filter)).rows.map(({ id }) => id);
  const expected = (holds: (trajectory: Trajectory) => boolean): string[] => groups.filter(holds).map(({ id }) => id);
  expect(await ids({ step: 1 })).toEqual(expected(({ training }) => training!.step === 1));
  expect(await ids({ rule: "answer-words", step: 0 })).toEqual(
    expected(
      ({ reward, training }) => training!.step === 0 && reward!.components[1]!.violations[0]?.rule === "answer-words",
    ),
  );
  expect(await ids({ component: "format", most: -1 })).toEqual(
    expected(({ reward }) => reward!.components[1]!.value <= -1),
  );
  expect(await ids({ prompt: "PROMPT-1" })).toEqual(expected(({ training }) => training!.group === "prompt-1"));
  expect(await ids({ prompt: " kestrel ", step: 1 })).toEqual(
    expected(({ question, training }) => question.includes("Kestrel") && training!.step === 1),
  );
  expect(await ids({ least: 1 })).toEqual(expected(({ reward }) => reward!.total >= 1));
  expect(await ids({ searches: 2, stop: "finished" })).toEqual(expected(({ searches }) => searches.length === 2));
  expect(await ids({ component: "none" })).toEqual([]);
});

test("text is found in transcripts, questions and queries, case aside, also where JSON writes it otherwise", async () => {
  const [first, second, third] = groups;
  write([
    { ...first!, question: "Wo steht “GROẞ”?" },
    { ...second!, searches: [{ ...second!.searches[0]!, query: 'say "ah"' }] },
    third!,
  ]);
  const found = async (text: string): Promise<string[]> => (await page({ text })).rows.map(({ id }) => id);
  expect(await found("“groß”")).toEqual([first!.id]);
  expect(await found('SAY "AH"')).toEqual([second!.id]);
  expect(await found('"sample 2"')).toEqual([third!.id]);
  expect(await found("directed observatory larch")).toEqual([second!.id, third!.id]);
  expect(await found("observ directed")).toEqual([]);
  expect(await found("directed observ")).toEqual([second!.id, third!.id]);
  expect(await found("</think>")).toEqual([first!.id, second!.id, third!.id]);
  expect(await found("insertedHits")).toEqual([]);
  expect((await found(" ")).length).toBe(3);
});

test("rows are sorted by any value, those without it last, equal ones in the order of the file", async () => {
  const { reward: _, ...without } = groups[0]!;
  const { golds: __, ...plain } = without;
  write([plain, ...groups.slice(1, 8)]);
  for (const descending of [true, false]) {
    const { rows } = await page({}, { key: "reward", descending });
    const rewards = rows.map(({ reward }) => reward);
    expect(rewards.at(-1)).toBeUndefined();
    const known = rewards.slice(0, -1) as number[];
    expect(known).toEqual(known.toSorted((a, b) => (descending ? b - a : a - b)));
  }
  const { rows } = await page({}, { key: "searches", descending: false });
  const twice = rows.filter(({ searches }) => searches === 2).map(({ line }) => line);
  expect(twice).toEqual(twice.toSorted((a, b) => a - b));
});

test("groups whose rewards are all equal are marked, and only those", async () => {
  write(groups);
  const { rows } = await page({ step: 0 });
  expect(new Set(rows.filter(({ zeroVariance }) => zeroVariance).map(({ group }) => group))).toEqual(
    new Set(["prompt-1"]),
  );
});

test("a wrong line is told with its number and reason, and the rest is there", async () => {
  writeFileSync(path, `${lineOf(groups[0])}{broken\n\n${lineOf({ segments: [], text: 5 })}${lineOf(groups[1])}`);
  const { rows, problems, problemCount } = await page();
  expect(rows.map(({ line }) => line)).toEqual([1, 5]);
  expect(problemCount).toBe(2);
  expect(problems.map(({ line }) => line)).toEqual([2, 4]);
  expect(problems[0]!.reason).toBe("is no JSON");
});

test("a file that grows is read on from where it was; a record that is written again replaces the earlier one", async () => {
  write(groups.slice(0, 3));
  expect((await page()).total).toBe(3);
  const half = lineOf(groups[3]);
  appendFileSync(path, half.slice(0, 100));
  expect((await page()).total).toBe(3);
  expect((await page()).problemCount).toBe(0);
  appendFileSync(path, half.slice(100));
  appendFileSync(path, lineOf({ ...groups[0]!, question: "Asked again?" }));
  const { rows } = await page();
  expect(rows.map(({ id }) => id)).toEqual([groups[1]!.id, groups[2]!.id, groups[3]!.id, groups[0]!.id]);
  expect(rows.at(-1)!.question).toBe("Asked again?");
  expect(rows.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
});

test("a file that is written anew is read anew, and keys of before lead nowhere", async () => {
  write(groups.slice(0, 4));
  const before = (await page()).rows;
  write(groups.slice(10, 20));
  const { rows } = await page();
  expect(rows.map(({ id }) => id)).toEqual(groups.slice(10, 20).map(({ id }) => id));
  expect(await files.record(path, before[0]!.key, new Set(), async () => null)).toBeNull();
});

test("a file without a line feed at its end gives its last record", async () => {
  writeFileSync(path, lineOf(groups[0]).trimEnd());
  expect((await page()).rows.map(({ id }) => id)).toEqual([groups[0]!.id]);
  expect((await page()).total).toBe(1);
});

test("a page that is given before the file is read says that more is to come", async () => {
  const many = Array.from({ length: 60 }, (_, copy) =>
    groups.map((each) => ({ ...each, id: `${copy}-${each.id}` })),
  ).flat();
  write(many);
  const impatient = new TrajectoryFiles(signal, 0);
  const query: RowQuery = { filter: {}, sort: byLine, offset: 0, limit: 5 };
  const first = await impatient.page(path, query, signal);
  expect(first.complete).toBe(false);
  expect(first.total).toBeLessThan(many.length);
  await expect.poll(async () => (await impatient.page(path, query, signal)).total).toBe(many.length);
});

test("pages cut what matches; a missing file is an error that names it", async () => {
  write(groups);
  const { rows, matched } = await page({ step: 1 }, { key: "line", descending: true }, 2, 3);
  expect(matched).toBe(12);
  expect(rows.map(({ line }) => line)).toEqual([22, 21, 20]);
  await expect(
    files.page(join(folder, "none.jsonl"), { filter: {}, sort: byLine, offset: 0, limit: 1 }, signal),
  ).rejects.toThrow("none.jsonl");
});

test("records of other programs are rows, with a reward where their gold answers are known", async () => {
  const record = {
    id: "q1",
    question: "Who lived longer?",
    answers: ["Dyson Carter"],
    text: "I search.\n\n<|begin_of_query|> Dyson Carter<|end_of_query|>\n\n<|begin_of_documents|>\n(1)Dyson Carter   A writer.\n<|end_of_documents|>\n\nSo it is <answer>Dyson Carter</answer>",
  };
  write([record, { ...record, id: "q1" }]);
  const { rows } = await page();
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({ id: "q1", searches: 1, question: "Who lived longer?" });
  expect(rows[0]!.reward).toBeDefined();
  expect(readFileSync(path, "utf8")).toContain("Dyson");
});
