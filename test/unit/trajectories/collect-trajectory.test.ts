import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { annotationsPath } from "../../../protocol/annotations.ts";
import { rewardDifferences } from "../../../server/commands/score-check.ts";
import { addQuestion, addTest } from "../../../server/editor/collect-trajectory.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { supervisedTrajectories, unreadSentence } from "../../../server/supervised-trajectories.ts";
import { AnnotationFile } from "../../../server/trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../../../server/trajectories/annotations/subject.ts";
import { readTrajectories } from "../../../server/trajectories/import/read-trajectories.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-collect-"));
  file = join(folder, "collected.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const groups = rolloutGroups({ steps: 1, prompts: 2, samples: 4 });

test("a question is added once, with its accepted answers, and the file stays one that is read", async () => {
  expect(await addQuestion(groups[0]!, ["Ines Okafor", "Okafor"], file)).toEqual({ added: true, count: 1 });
  expect(await addQuestion(groups[1]!, ["other"], file)).toEqual({ added: false, count: 1 });
  expect(await addQuestion({ ...groups[4]!, id: groups[0]!.id }, ["FW-2"], file)).toEqual({ added: true, count: 2 });
  const { questions, bad } = await readDataSet(file);
  expect(bad).toEqual([]);
  expect(questions).toMatchObject([
    { question: groups[0]!.question, golds: ["Ines Okafor", "Okafor"] },
    { question: groups[4]!.question, golds: ["FW-2"] },
  ]);
});

test("what cannot be added is told, and the file stays as it was", async () => {
  await expect(addQuestion(groups[0]!, [], file)).rejects.toThrow("needs an accepted answer");
  for (const content of ["[1, 2]\n", "id,question\n1,why\n"]) {
    writeFileSync(file, content);
    await expect(addQuestion(groups[0]!, ["x"], file)).rejects.toThrow("no JSON lines");
    await expect(addTest(groups[0]!, file)).rejects.toThrow("no JSON lines");
    expect(readFileSync(file, "utf8")).toBe(content);
  }
  const { reward: _, golds: __, ...bare } = groups[0]!;
  await expect(addTest(bare, join(folder, "fresh.jsonl"))).rejects.toThrow("no reward and no gold answer");
});

test("a test is the record with its reward and without its tokens, added once", async () => {
  writeFileSync(file, JSON.stringify(groups[1]));
  expect(await addTest(groups[0]!, file)).toEqual({ added: true, count: 2 });
  expect(await addTest(groups[0]!, file)).toEqual({ added: false, count: 2 });
  const read = [];
  for await (const row of readTrajectories(file)) if (row.ok) read.push(row.row.trajectory);
  expect(read[1]!.tokens).toBeUndefined();
  expect(read[1]!.reward).toEqual(groups[0]!.reward);
  expect(read.map(subjectOf)).toEqual([groups[1]!.id, groups[0]!.id]);
});

test("a reward is held to its total, its components and its broken rules", () => {
  const reward = groups.find((each) => each.reward!.total < 0)!.reward!;
  expect(rewardDifferences(reward, structuredClone(reward))).toEqual([]);
  const [answer, format] = reward.components;
  const other = {
    ...reward,
    total: 1,
    components: [
      { ...answer!, value: 1 },
      { ...format!, violations: [] },
    ],
  };
  expect(rewardDifferences(reward, other)).toEqual([
    `the reward was ${reward.total} and is 1`,
    `answer was ${answer!.value} and is 1`,
    "answer-words was broken and is not",
  ]);
});

test("a supervised start imitates what has the reward and was not excluded by a person", async () => {
  writeFileSync(file, groups.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const right = groups.filter(({ reward }) => reward!.total >= 1).map(({ id }) => id);
  const kept = async () => (await supervisedTrajectories([file], r1Searcher, 1)).kept.map(({ id }) => id);
  expect(await kept()).toEqual(right);
  const notes = new AnnotationFile(annotationsPath(file));
  notes.add(right[1]!, { kind: "exclude", on: true });
  expect(await kept()).toEqual(right.filter((id) => id !== right[1]));
  notes.add(right[1]!, { kind: "exclude", on: false });
  expect(await kept()).toEqual(right);
});

test("records that a supervised start cannot read are counted, and the first is named", async () => {
  const lines = groups.slice(0, 3).map((each) => JSON.stringify(each));
  writeFileSync(file, [lines[0], "{", '{"segments": 7}', lines[1], lines[2]].map((line) => `${line}\n`).join(""));
  const { kept, unread } = await supervisedTrajectories([file], r1Searcher);
  expect(kept.map(({ id }) => id)).toEqual(groups.slice(0, 3).map(({ id }) => id));
  expect(unread).toMatchObject([{ file, count: 2, first: { line: 2 } }]);
  expect(unreadSentence(unread[0]!)).toMatch(
    /^2 records of .* are left out of the supervised start, the first in line 2/,
  );
});
