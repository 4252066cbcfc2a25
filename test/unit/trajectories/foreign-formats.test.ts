import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { importRecord } from "../../../server/trajectories/import/import-row.ts";
import type { ImportContext } from "../../../server/trajectories/import/imported-trajectory.ts";
import { type ReadRow, readTrajectories } from "../../../server/trajectories/import/read-trajectories.ts";
import {
  atifRecord,
  foreignRecords,
  inspectLog,
  otlpRequest,
  otlpSpans,
  primeRow,
  skyrlRow,
  tinkerRow,
  trlRow,
  verlRow,
} from "../../fixtures/foreign-records.ts";

const context: ImportContext = { fallbackId: "line-1", createdAt: "2026-01-01T00:00:00.000Z" };

function only(record: unknown, more: Partial<ImportContext> = {}): Trajectory {
  const results = importRecord(record, { ...context, ...more });
  expect(results).toHaveLength(1);
  const [result] = results;
  if (!result!.ok) throw new Error(`${result!.field} ${result!.reason}`);
  return result!.row.trajectory;
}

/** Segments as `origin kind text`, the text shortened. */
function spoken({ text, segments }: Trajectory): string[] {
  return segments.map(
    ({ origin, kind, start, end }) => `${origin} ${kind} ${text.slice(start, end).trim().slice(0, 24)}`,
  );
}

describe("records of other programs", () => {
  it.each(foreignRecords)("%s is told by its content, and its segments partition its text", (format, record) => {
    const trajectory = only(record);
    expect(trajectory.source!.format).toBe(format);
    expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
  });

  it("verl: prompt as the record says, the rest by tags; score, components, step and golds", () => {
    const trajectory = only(verlRow);
    expect(spoken(trajectory)).toEqual([
      "prompt prompt Answer the given questio",
      "policy other I look it up.",
      "policy query <search> highest dome </",
      "environment documents <information>Doc 1(Title",
      "policy think <think>North.</think>",
      "policy answer <answer>North dome</answ",
    ]);
    expect(trajectory).toMatchObject({
      id: "r-1",
      question: "Which dome is the highest?",
      golds: ["North dome"],
      profile: "search-r1",
      answer: { text: "North dome" },
      training: { step: 12 },
      reward: {
        total: 1.5,
        components: [
          { name: "score", value: 1.5, weight: 1 },
          { name: "em", value: 1, weight: 0 },
          { name: "format_reward", value: 0.5, weight: 0 },
        ],
      },
      searches: [{ query: "highest dome", hits: [{ passage: { title: "Domes" } }] }],
    });
    expect(trajectory.notices.join()).toContain("the record does not say");
  });

  it("verl: a response without tags is the policy's, and the notice says why", () => {
    const trajectory = only({ ...verlRow, input: "2+2?", output: "4" });
    expect(spoken(trajectory)).toEqual(["prompt prompt 2+2?", "policy other 4"]);
    expect(trajectory.notices.join()).toContain("no mask");
  });

  it("SkyRL: sums a score of each token and finds the golds among the environment's extras", () => {
    expect(only(skyrlRow)).toMatchObject({ golds: ["North dome"], reward: { total: 1 }, stop: { reason: "finished" } });
  });

  it("TRL: the reward columns and the advantage; other numbers are no reward", () => {
    const trajectory = only(trlRow);
    expect(trajectory).toMatchObject({
      golds: ["North dome"],
      training: { step: 3, advantage: -0.5 },
      reward: { total: 1.25, components: [{ name: "accuracy_reward" }, { name: "format_reward" }] },
    });
    expect(trajectory.notices.join()).toContain("does not hold the weights");
  });

  it("prime-rl: the mask is the origin of each token, and values of each token are kept", () => {
    const trajectory = only(primeRow);
    expect(trajectory.segments.map(({ origin, tokenStart, tokenEnd }) => [origin, tokenStart, tokenEnd])).toEqual([
      ["prompt", 0, 2],
      ["policy", 2, 4],
      ["environment", 4, 6],
      ["policy", 6, 8],
    ]);
    expect(trajectory.tokens).toMatchObject({
      ids: primeRow.token_ids,
      logprobs: [null, null, -0.1, -0.2, null, null, -0.3, -0.4],
      advantages: primeRow.advantages,
      entropies: primeRow.entropy,
      kl: primeRow.mismatch_kl,
      ratios: primeRow.importance_ratio,
    });
    expect(trajectory).toMatchObject({ text: "", reward: { total: 1 }, training: { step: 6, advantage: 0.5 } });
    expect(trajectory.notices.join()).toContain("--tokenizer");
  });

  it("prime-rl: with a tokenizer the text is there, cut by tags, each piece with its tokens", () => {
    const parts = ["Q:", "<think>a</think><search>b</search>", "<information>c</information>", "<answer>d</answer>"];
    const ids = [...parts.join("")].map((letter) => letter.codePointAt(0)!);
    const mask = parts.flatMap((part, at) => [...part].map(() => at % 2 === 1));
    const tokenizer = { id: "letters", decode: (some: readonly number[]) => String.fromCodePoint(...some) };
    const trajectory = only({ schema_version: 1, step: 1, token_ids: ids, loss_mask: mask }, { tokenizer });
    expect(spoken(trajectory)).toEqual([
      "prompt prompt Q:",
      "policy think <think>a</think>",
      "policy query <search>b</search>",
      "environment documents <information>c</informat",
      "policy answer <answer>d</answer>",
    ]);
    expect(trajectory.segments.map(({ tokenStart, tokenEnd }) => [tokenStart, tokenEnd])).toEqual(
      trajectory.segments.map(({ start, end }) => [start, end]),
    );
  });

  it("prime-rl: a column of another length is named", () => {
    expect(importRecord({ ...primeRow, entropy: [1] }, context)).toMatchObject([
      { ok: false, field: "entropy", reason: "has 1 values where the sequence has 8 tokens" },
    ]);
  });

  it("tinker: rewards and counts of a summary, and that it holds no text", () => {
    const trajectory = only(tinkerRow);
    expect(trajectory).toMatchObject({
      id: "train-4-2-1",
      text: "",
      training: { step: 4, sample: 1 },
      usage: { turns: 2, promptTokens: 40, policyTokens: 20, environmentTokens: 38 },
      stop: { reason: "token-limit" },
      reward: { total: 1.25 },
    });
    expect(trajectory.notices.join()).toContain("no text");
  });

  it("ATIF: roles say who wrote what; token ids join over the steps", () => {
    const trajectory = only(atifRecord);
    expect(spoken(trajectory)).toEqual([
      "prompt prompt You search.\nWhich dome i",
      "policy think I do not know.",
      "policy other Let me see.",
      'policy query wiki({"query":"highest d',
      "environment documents North dome: 40 m",
      "policy answer The north dome.",
    ]);
    expect(trajectory).toMatchObject({
      id: "session-1",
      createdAt: "2026-01-02T03:04:05.000Z",
      question: "Which dome is the highest?",
      answer: { text: "The north dome." },
      searches: [{ query: "highest dome", turn: 0 }],
      tokens: {
        ids: [1, 2, 3, 4, 5, 9, 9, 6],
        logprobs: [null, null, null, -0.5, -0.25, null, null, -0.125],
      },
    });
  });

  it("Inspect: reasoning, tools, attachments, scores, golds", () => {
    const trajectory = only(inspectLog);
    expect(trajectory).toMatchObject({
      id: "1-2",
      golds: ["North dome", "the north one"],
      answer: { text: "North dome" },
      policy: { label: "some-model" },
      reward: {
        total: 1,
        components: [{ name: "score" }, { name: "match", value: 1 }, { name: "rubric.style", value: 0.5 }],
      },
      usage: { seconds: 2.5, policyTokens: 12 },
    });
    expect(trajectory.segments.map(({ origin, kind }) => `${origin} ${kind}`)).toEqual([
      "prompt prompt",
      "policy think",
      "policy other",
      "policy query",
      "environment documents",
      "policy answer",
    ]);
    expect(trajectory.text).toContain("North dome: 40 m");
  });

  it("Inspect: a wrong sample is named and the others are read", () => {
    const [good] = inspectLog.samples;
    const results = importRecord({ ...inspectLog, samples: [{ ...good, epoch: "x" }, good] }, context);
    expect(results).toMatchObject([{ ok: false, field: "samples.0.epoch" }, { ok: true }]);
  });

  it("OpenTelemetry: the last call's history, documents of the retrieval, the sum of the tokens", () => {
    const trajectory = only(otlpRequest(otlpSpans));
    expect(trajectory).toMatchObject({
      question: "Which dome is the highest?",
      answer: { text: "The north dome." },
      policy: { label: "some-model" },
      createdAt: "2026-01-02T03:04:05.000Z",
      usage: { seconds: 5, policyTokens: 14 },
      searches: [{ query: "highest dome", seconds: 1, hits: [{ passage: { id: "doc-7" }, score: 0.9 }] }],
    });
  });

  it("refuses a record that nests too deeply", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    expect(importRecord({ ...verlRow, extra: deep }, context)).toMatchObject([
      { ok: false, reason: expect.stringContaining("nests deeper") },
    ]);
  });
});

describe("files of other programs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "foreign-formats-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function read(content: string | Uint8Array): Promise<ReadRow[]> {
    const file = path.join(folder, "any.dat");
    await writeFile(file, content);
    const rows: ReadRow[] = [];
    for await (const row of readTrajectories(file)) rows.push(row);
    return rows;
  }

  const table = (rows: readonly (typeof trlRow)[]): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "step", type: "INT64", data: rows.map(({ step }) => BigInt(step)) },
          ...(["prompt", "completion", "solution"] as const).map((name) => ({
            name,
            type: "STRING" as const,
            data: rows.map((row) => row[name]),
          })),
          ...(["accuracy_reward", "advantage"] as const).map((name) => ({
            name,
            type: "DOUBLE" as const,
            data: rows.map((row) => row[name]),
          })),
        ],
        rowGroupSize: 2,
      }),
    );

  it("reads a parquet table of TRL by its content", async () => {
    const rows = await read(table([trlRow, { ...trlRow, step: 4 }, { ...trlRow, accuracy_reward: Number.NaN }]));
    expect(rows).toMatchObject([
      { ok: true, line: 1, row: { trajectory: { training: { step: 3, advantage: -0.5 }, reward: { total: 1 } } } },
      { ok: true, line: 2, row: { trajectory: { training: { step: 4 } } } },
      { ok: true, line: 3 },
    ]);
    // Not a number is no reward.
    expect(rows[2]!.ok && rows[2]!.row.trajectory.reward).toBeUndefined();
  });

  it("tells a parquet file that was cut anywhere instead of failing", async () => {
    const bytes = table([trlRow, trlRow, trlRow]);
    const file = path.join(folder, "cut.parquet");
    for (let length = 4; length < bytes.length; length += 97) {
      await writeFile(file, bytes);
      await truncate(file, length);
      const rows: ReadRow[] = [];
      for await (const row of readTrajectories(file)) rows.push(row);
      expect(rows.at(-1)).toMatchObject({ ok: false, reason: expect.stringContaining("parquet") });
    }
  });

  it("reads numbers that JSON does not have, as Python writes them, and leaves texts alone", async () => {
    const line = JSON.stringify({ ...verlRow, tag: "NaN, -Infinity" }).replace('"score":1.5', '"score":NaN');
    const [row] = await read(`${line}\n${JSON.stringify(verlRow)}\n`);
    expect(row).toMatchObject({ ok: true, row: { trajectory: { source: { extra: { tag: "NaN, -Infinity" } } } } });
    expect(row!.ok && row!.row.trajectory.reward).toBeUndefined();
  });

  it("joins a trace that is spread over lines, and goes on after a wrong line", async () => {
    const [last, ...others] = otlpSpans;
    const wrong = otlpRequest([{ traceId: 5 }]);
    const lines = [otlpRequest([last!]), wrong, otlpRequest(others)].map((each) => JSON.stringify(each));
    const rows = await read(`${lines.join("\n")}\n`);
    expect(rows).toMatchObject([
      { ok: false, line: 2, field: "resourceSpans.0: span.traceId" },
      { ok: true, line: 3, row: { trajectory: { searches: [{ query: "highest dome" }] } } },
    ]);
  });

  it("reads an Inspect log over many lines", async () => {
    expect(await read(JSON.stringify(inspectLog, null, 2))).toMatchObject([{ ok: true, line: 1 }]);
  });

  it("lists wrong lines with number, field and reason, and reads the rest", async () => {
    const rows = await read(
      [verlRow, { ...verlRow, score: "high" }, { ...verlRow, step: -1 }, verlRow]
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    expect(rows.map((row) => (row.ok ? "ok" : `${row.line} ${row.field}: ${row.reason}`))).toEqual([
      "ok",
      "2 score: invalid input: expected number, received string",
      "3 step: too small: expected number to be >=0",
      "ok",
    ]);
  });
});
