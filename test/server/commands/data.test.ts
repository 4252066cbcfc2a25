import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { bestOf, difficultyOf } from "../../../server/training-data.ts";

const run = promisify(execFile);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-data-"));
  const lines = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(
    join(root, "questions.jsonl"),
    lines([
      {
        id: "a",
        question: "Where was the builder of the North Dome born?",
        answers: ["Bergen"],
        extra: 7,
        supporting: ["North Dome", "Marta Quill"],
      },
      { id: "b", question: "Who painted the gate?", answers: ["<answer>"] },
    ]),
  );
  writeFileSync(
    join(root, "passages.jsonl"),
    lines([
      { id: "p1", title: "North Dome", text: "The North Dome was built by Marta Quill in 1987." },
      { id: "p2", title: "Marta Quill", text: "Marta Quill was born in Bergen." },
    ]),
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const data = async (...args: string[]) => {
  const fixed = ["--data", join(root, "questions.jsonl"), "--index", join(root, "passages.jsonl")];
  const { stdout } = await run(
    process.execPath,
    ["server/cli.ts", "data", ...args, ...fixed, "--embedder", "none", "--mode", "words", "--json"],
    { env: { ...process.env, SEARCHLIGHT_HOME: join(root, "home") } },
  );
  return JSON.parse(stdout) as Record<string, unknown>;
};
const read = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

test("experts search for each support, read what is really found and answer; an answer like a tag is left out", async () => {
  const out = join(root, "experts.jsonl");
  expect(await data("experts", "--out", out)).toMatchObject({ questions: 2, asked: 2, rollouts: 2, kept: 1 });
  const [only, ...more] = read(out).map((line) => Trajectory.parse(line));
  expect(more).toEqual([]);
  expect(only!.searches.map(({ query }) => query.trim())).toEqual(["North Dome", "Marta Quill"]);
  expect(only!.reward!.total).toBeGreaterThanOrEqual(1);
  const environment = only!.segments.filter(({ origin }) => origin === "environment");
  const inserted = environment.map(({ start, end }) => only!.text.slice(start, end)).join("");
  expect(inserted).toContain("Marta Quill was born in Bergen.");
  const policy = only!.segments.filter(({ origin }) => origin === "policy");
  expect(policy.map(({ start, end }) => only!.text.slice(start, end)).join("")).not.toContain("was born in Bergen");
});

test("rejection sampling keeps one of equal rollouts; difficulty keeps the record and is read again", async () => {
  const graded = join(root, "graded.jsonl");
  expect(
    await data("reject", "--out", join(root, "kept.jsonl"), "--samples", "3", "--keep", "3", "--min-reward=-9"),
  ).toMatchObject({
    rollouts: 6,
    kept: 2,
  });
  await data("difficulty", "--out", graded, "--samples", "2");
  expect(read(graded)[0]).toMatchObject({ id: "a", extra: 7, rollouts: 2 });
  const { questions } = await readDataSet(graded);
  expect(questions.map(({ difficulty }) => difficulty)).toEqual([expect.any(String), "unsolved"]);
});

test("the best come first, and R1-Searcher's bounds grade", () => {
  const group = [0, 2, 1, 2].map((total, at) => ({ text: `${at % 3}`, reward: { total } })) as Trajectory[];
  expect(bestOf(group, 1, 5).map(({ reward, text }) => [reward!.total, text])).toEqual([
    [2, "1"],
    [2, "0"],
    [1, "2"],
  ]);
  expect(bestOf(group, 1, 1)).toHaveLength(1);
  expect(
    [
      [0, 40],
      [5, 40],
      [4, 40],
      [2, 40],
      [1, 40],
    ].map(([right, of]) => difficultyOf(right!, of!)),
  ).toEqual(["unsolved", "easy", "medium", "medium", "difficult"]);
});
