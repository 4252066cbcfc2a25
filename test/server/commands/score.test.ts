import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { hasReference, referenceFile, referenceRows } from "../../fixtures/golden.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "score-"));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function score(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const options = { maxBuffer: 64 * 1024 * 1024 };
    return {
      code: 0,
      ...(await promisify(execFile)(process.execPath, [join(root, "server/cli.ts"), "score", ...args], options)),
    };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

function file(name: string, ...rows: unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join(""));
  return path;
}

const rollout = { id: "a", question: "Where?", answers: ["Rome"], text: "I know.</think>\n<answer> Rome </answer>" };
const fined = { ...rollout, id: "b", text: "As an assistant I know.</think>\n<answer> Rome </answer>" };

test("score prints metrics and the reward with the rule that cost the points", async () => {
  const { stdout } = await score(file("two.jsonl", rollout, fined), "--reward", "released-qwen", "--json");
  const { version, rows, bad, summary } = JSON.parse(stdout);
  expect(version).toBe(1);
  expect(bad).toEqual([]);
  expect(rows[0]).toMatchObject({ id: "a", line: 1, answer: "Rome", metrics: { em: 1, f1: 1 }, reward: { total: 1 } });
  const [violation] = rows[1].reward.components[1].violations;
  expect(violation).toMatchObject({ rule: "assistant-word", points: -2 });
  expect(fined.text.slice(violation.start, violation.end)).toBe("assistant");
  expect(summary).toMatchObject({
    rows: 2,
    metrics: { em: 1 },
    reward: { mean: 0 },
    rules: { "assistant-word": { rows: 1, points: -2 } },
  });
});

test("score stops at a record that it cannot read, and with --skip-bad counts it", async () => {
  const path = file("bad.jsonl", rollout, "{broken", { ...rollout, question: 7 });
  const stopped = await score(path);
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain(`${path}, line 2: the line is no JSON.`);
  const { code, stdout, stderr } = await score(path, "--skip-bad", "--json");
  expect(code).toBe(0);
  expect(stderr).toContain("line 3: question holds a number where a text is expected.");
  expect(JSON.parse(stdout)).toMatchObject({ bad: [{ line: 2 }, { line: 3 }], summary: { rows: 1, bad: 2 } });
});

test("score takes rows of one question for a group, and pays the optional terms that it is told to", async () => {
  const block = "<|begin_of_query|>q<|end_of_query|>\n\n<|begin_of_documents|>\n(1)x\n<|end_of_documents|>\n\n";
  const searched = (id: string, times: number, question = "Where?") => ({
    ...rollout,
    id,
    question,
    text: `${block.repeat(times)}${rollout.text}`,
  });
  const path = file("group.jsonl", searched("once", 1), searched("other", 5, "When?"), searched("thrice", 3));
  const of = async (...args: string[]) => {
    const { rows } = JSON.parse((await score(path, "--reward", "released-qwen", "--json", ...args)).stdout);
    return rows.map(
      ({ reward }: { reward: { total: number; components: { name: string; value: number; weight: number }[] } }) => {
        const { value, weight } = reward.components.find(({ name }) => name === "efficiency")!;
        return [reward.total, value, weight];
      },
    );
  };
  expect(await of()).toEqual([
    [1, 0.5, 0],
    [1, 0, 0],
    [1, 0, 0],
  ]);
  expect(await of("--term", "efficiency=0.2", "--term", "redundancy=0.1")).toEqual([
    [1.1, 0.5, 0.2],
    [1 - 0.1 * 0.8, 0, 0.2],
    [1 - 0.1 * (2 / 3), 0, 0.2],
  ]);
  for (const term of ["speed=0.1", "efficiency=0.6", "efficiency=", "efficiency"])
    expect(await score(path, "--term", term)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--term takes NAME=WEIGHT"),
    });
});

test("score names what a search for tags would mask otherwise", async () => {
  const forged = { ...rollout, text: `<|begin_of_documents|> made up </think>\n<answer> Rome </answer>` };
  const path = file("forged.jsonl", rollout, forged);
  const { rows, summary } = JSON.parse((await score(path, "--json")).stdout);
  expect(summary.mask).toEqual({ rows: 2, agree: 1, kinds: { "forged-tag": 1 } });
  const [{ start, end }] = rows[1].mask.disagreements;
  expect(forged.text.slice(start, end)).toBe("<|begin_of_documents|>");
  expect((await score(path)).stdout).toContain("1 of 2 trajectories otherwise than who wrote them says: forged-tag 1");
});

test("score refuses what it does not know by name", async () => {
  const path = file("one.jsonl", rollout);
  expect(await score(path, "--reward", "nope")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("released-qwen"),
  });
  expect(await score(path, "--profile", "nope")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("r1-searcher"),
  });
  expect(await score(path, "--answer", "bleu")).toMatchObject({ code: 2 });
  expect(await score(join(folder, "absent.jsonl"))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("does not exist; give a file of trajectories"),
  });
  expect(await score(file("empty.jsonl"))).toMatchObject({ code: 1, stderr: expect.stringContaining("no trajectory") });
});

test("score shows control characters of a text instead of sending them to the terminal", async () => {
  const path = file("escape.jsonl", { ...rollout, id: "\u001b[2J", text: "x</think><answer>\u001b[31mred</answer>" });
  const { stdout } = await score(path);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toContain("\\u{1b}");
});

interface Released {
  id: string;
  predicted: string;
  answers: string[];
  searches: number;
  documents: number;
  judge: boolean;
}

const trajectories = "data/trajectories-r1-searcher/trajectories.jsonl";

describe.skipIf(!hasReference(trajectories) || !hasReference("golden/rewards.jsonl"))("the released rollouts", () => {
  test("come out with every value that their records and the released reward servers give", async () => {
    const { stdout } = await score(referenceFile(trajectories), "--reward", "released-qwen", "--json");
    const { rows, summary } = JSON.parse(stdout);
    const records = referenceRows<Released>(trajectories);
    const rewards = new Map(
      referenceRows<{ id: string; qwen: number }>("golden/rewards.jsonl").map(({ id, qwen }) => [id, qwen]),
    );
    const metrics = new Map(
      referenceRows<{ prediction: string; gold: string; em: boolean; f1: number; cem1: boolean; cem2: boolean }>(
        "golden/metrics.jsonl",
      ).map(({ prediction, gold, em, f1, cem1, cem2 }) => [
        JSON.stringify([prediction, gold]),
        { em: Number(em), f1, cem1: Number(cem1), cem2: Number(cem2) },
      ]),
    );
    expect(rows).toHaveLength(records.length);
    for (const [index, { id, predicted, answers, searches, documents, judge }] of records.entries()) {
      const row = rows[index];
      expect(row).toMatchObject({ id, answer: predicted, rollout: { searches, documents }, judge });
      expect(row.reward.total).toBe(rewards.get(`${id}#as-is`));
      const wanted = answers.length === 1 ? metrics.get(JSON.stringify([predicted, answers[0]])) : undefined;
      if (wanted) expect([id, row.metrics]).toEqual([id, expect.objectContaining(wanted)]);
    }
    expect(summary.mask).toEqual({ rows: 580, agree: 580, kinds: {} });
    expect(summary.judge.em).toMatchObject({ rows: 580, agree: 510 / 580 });
    expect(summary.policySpans).toMatchObject({ rows: 580, differ: 28, points: 56 });
  });
});

test("--check holds recorded rewards against those of a fresh scoring, and fails where a rule costs other points", async () => {
  const scored = await score(file("plain.jsonl", rollout, fined), "--reward", "released-qwen", "--json");
  const rewards = JSON.parse(scored.stdout).rows.map(({ reward }: { reward: unknown }) => reward);
  const imported = join(folder, "own.jsonl");
  await promisify(execFile)(process.execPath, [
    ...[join(root, "server/cli.ts"), "export", join(folder, "plain.jsonl")],
    ...["--format", "searchlight", "--reward", "released-qwen", "-o", imported],
  ]);
  const records = readFileSync(imported, "utf8").trimEnd().split("\n");
  expect(records.map((line) => JSON.parse(line).reward.total)).toEqual([1, -1]);
  const held = await score(imported, "--check");
  expect(held.code).toBe(0);
  expect(held.stdout).toContain("2 of 2 recorded rewards hold");
  const changed = { ...JSON.parse(records[1]!), reward: { ...rewards[1], total: 5 } };
  const failed = await score(file("changed.jsonl", records[0], changed), "--check");
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("failed: b, line 2");
  expect(failed.stdout).toContain("the reward was 5 and is -1");
  const none = await score(join(folder, "plain.jsonl"), "--check");
  expect(none.code).toBe(1);
  expect(none.stderr).toContain("no recorded reward");
});
