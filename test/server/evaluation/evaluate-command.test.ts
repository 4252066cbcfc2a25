import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import {
  type ModelServer,
  type Reply,
  answers,
  modelServer,
  streams,
  textEvents,
} from "../../fixtures/model-server.ts";

const root = join(import.meta.dirname, "../../..");
const home = mkdtempSync(join(tmpdir(), "evaluate-command-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
const env = { ...process.env, SEARCHLIGHT_HOME: join(home, "data"), SEARCHLIGHT_CACHE: join(home, "cache") };

const count = 10;
const data = join(home, "questions.jsonl");
const index = join(home, "passages.jsonl");
const jsonLines = (rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
writeFileSync(
  data,
  jsonLines(
    Array.from({ length: count }, (_, n) => ({
      id: `q${n}`,
      question: `Who built tower ${n}?`,
      answers: [`Builder ${n}`],
      supporting_ids: [`p${n}`],
    })),
  ),
);
writeFileSync(
  index,
  jsonLines(
    Array.from({ length: count }, (_, n) => ({
      id: `p${n}`,
      title: `Tower ${n}`,
      text: `Tower ${n} was built by Builder ${n}.`,
    })),
  ),
);

function start(
  args: readonly string[],
): ChildProcess & { output: Promise<{ code: number | null; stdout: string; stderr: string }> } {
  const child = spawn(process.execPath, [join(root, "server/cli.ts"), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return Object.assign(child, {
    output: once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr })),
  });
}

function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, "server/cli.ts"), ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** Answers each question by its number; judges every answer right. */
const answering =
  (milliseconds: number): Reply =>
  (response, request) => {
    const prompt = request.body["prompt"] as string;
    if (prompt.includes("Golden Answer")) return streams(textEvents(["True"]))(response, request);
    const number = /User:Who built tower (\d+)\?/u.exec(prompt)![1]!;
    return streams(textEvents(["I know it.", `</think>\n<answer> Builder ${number}`, " </answer>"]), milliseconds)(
      response,
      request,
    );
  };

/** How often each question was put to the model. */
function asked(server: ModelServer): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { body } of server.requests) {
    const number = /User:Who built tower (\d+)\?/u.exec(body["prompt"] as string)?.[1];
    if (number !== undefined) counts.set(`q${number}`, (counts.get(`q${number}`) ?? 0) + 1);
  }
  return counts;
}

const rowIds = (out: string): string[] => {
  const file = join(out, "rows.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: string }).id);
};

async function untilRows(out: string, least: number): Promise<void> {
  while (rowIds(out).length < least) await pause(10);
}

const evaluateArgs = (server: ModelServer, out: string, ...more: string[]): string[] => [
  "evaluate",
  "--data",
  data,
  "--index",
  index,
  "--mode",
  "words",
  "--policy",
  `openai:m@${server.url}`,
  "--out",
  out,
  ...more,
];

describe("searchlight evaluate", () => {
  test("killed with -9 it goes on: a question whose row is on disk is never put to the model again, and no row is lost", async () => {
    await using server = await modelServer(answering(90));
    const out = join(home, "killed");
    const args = evaluateArgs(server, out, "--concurrency", "2");
    const settled = new Map<string, number>();
    for (const rows of [3, 6]) {
      const child = start(args);
      await untilRows(out, rows);
      child.kill("SIGKILL");
      await child.output;
      const counts = asked(server);
      for (const id of rowIds(out)) if (!settled.has(id)) settled.set(id, counts.get(id)!);
    }
    expect(settled.size).toBeGreaterThanOrEqual(6);
    expect(settled.size).toBeLessThan(count);
    const { code, stderr } = await start(args).output;
    expect(stderr).toContain(`Goes on with ${settled.size} questions`);
    expect(code).toBe(0);
    const counts = asked(server);
    for (const [id, times] of settled) expect({ id, times: counts.get(id) }).toEqual({ id, times });
    expect(rowIds(out).toSorted()).toEqual(Array.from({ length: count }, (_, n) => `q${n}`).toSorted());
    const before = server.requests.length;
    const again = await start([...args, "--json"]).output;
    expect(server.requests).toHaveLength(before);
    const means = { em: { mean: 1 }, cem1: { low: 1, high: 1 } };
    expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, out, summary: { rows: count, failed: 0, means } });
  });

  test("Ctrl-C ends it with 130, says how to go on, and keeps what is answered", async () => {
    await using server = await modelServer(answering(60));
    const out = join(home, "interrupted");
    const child = start(evaluateArgs(server, out, "--concurrency", "1"));
    await untilRows(out, 2);
    child.kill("SIGINT");
    const { code, stderr } = await child.output;
    expect(code).toBe(130);
    expect(stderr).toMatch(/the same command goes on after \d of 10 questions/u);
    expect(rowIds(out).length).toBeGreaterThanOrEqual(2);
    expect((await start(evaluateArgs(server, out)).output).code).toBe(0);
    expect(new Set(rowIds(out)).size).toBe(count);
  });

  test("pins what it measured, judges, and refuses a folder of another run by the field that differs", async () => {
    await using server = await modelServer(answering(0));
    const out = join(home, "pinned");
    const judged = await cli(
      ...evaluateArgs(server, out, "--limit", "4", "--seed", "3", "--judge", `openai:j@${server.url}`),
    );
    expect(judged.code).toBe(0);
    expect(judged.stdout).toContain("Judge and EM agree on 100.0 %");
    const run = JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
    expect(run).toMatchObject({
      data: { questions: count },
      sample: { limit: 4, questions: 4 },
      corpus: { kind: "passages", passages: count },
      index: { mode: "words", embedder: null },
      topK: 5,
      seed: 3,
      normaliser: "punctuation-to-space",
      judge: { policy: `openai:j@${server.url}` },
    });
    const other = await cli(
      ...evaluateArgs(server, out, "--limit", "4", "--seed", "4", "--judge", `openai:j@${server.url}`),
    );
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds another run: sample\.hash is .* give another folder with --out/u),
    });
  });

  test("says in one sentence what is wrong with its arguments", async () => {
    const args = ["evaluate", "--data", data, "--index", index, "--mode", "words"];
    writeFileSync(join(home, "empty.jsonl"), "");
    const wrong: [string[], number, string][] = [
      [[...args, "--profile", "nope"], 2, "r1-searcher"],
      [[...args, "--policy", "nope"], 2, "openai:MODEL@URL"],
      [[...args, "--judge", "extractive"], 2, "cannot judge"],
      [[...args, "--limit", "0"], 2, "--limit takes a whole number from 1"],
      [["evaluate", "--data", data, "--index", join(home, "absent")], 2, "no folder and no file"],
      [["evaluate", "--data", join(home, "empty.jsonl"), "--index", index], 1, "holds no question"],
    ];
    for (const [given, code, sentence] of wrong)
      expect(await cli(...given)).toMatchObject({ code, stderr: expect.stringContaining(sentence) });
  });

  test("stops at a record that it cannot read, and with --skip-bad counts it", async () => {
    writeFileSync(join(home, "bad.jsonl"), `{"question":"Who built tower 1?","answer":"Builder 1"}\n{"question":3}\n`);
    const bad = [
      "evaluate",
      "--data",
      join(home, "bad.jsonl"),
      "--index",
      index,
      "--mode",
      "words",
      "--out",
      join(home, "bad-run"),
    ];
    expect(await cli(...bad)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/bad\.jsonl, line 2: question holds a number .* --skip-bad/u),
    });
    const skipped = await cli(...bad, "--skip-bad", "--json");
    expect(JSON.parse(skipped.stdout)).toMatchObject({ run: { data: { bad: 1 } }, summary: { rows: 1, bad: 1 } });
  });

  test("a model server that is not there ends the run with its reason, and nothing it failed on is a score", async () => {
    await using server = await modelServer(answers(404, { error: { message: "no such model" } }));
    const { code, stdout, stderr } = await cli(...evaluateArgs(server, join(home, "gone"), "--concurrency", "1"));
    expect(code).toBe(1);
    expect(stderr).toContain("Given up after several failures");
    expect(stdout).toContain("all of them failed");
  });
});

describe("searchlight audit", () => {
  test("says what of the questions the documents hold, and which another set holds too", async () => {
    const train = join(home, "train.csv");
    writeFileSync(train, "question,answer\nwho built the Tower 3,Builder 3\nWho sang it?,Nobody\n");
    const { stdout } = await cli(
      "audit",
      data,
      "--index",
      index,
      "--mode",
      "words",
      "-k",
      "3",
      "--against",
      train,
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      questions: count,
      corpus: { k: 3, goldInCorpus: { count, of: count }, supportsInCorpus: { count, of: count }, failedSearches: 0 },
      against: { questions: 2, shared: [{ id: "q3", exact: true, sameAnswer: true }] },
    });
    const printed = (await cli("audit", data, "--index", index, "--mode", "words")).stdout;
    expect(printed).toMatch(/gold answer in the corpus +100\.0 % {3}10 of 10/u);
    expect(await cli("audit", data)).toMatchObject({ code: 2, stderr: expect.stringContaining("--index, --against") });
  });

  test("reads the passages of a folder of documents", async () => {
    const { stdout } = await cli(
      "audit",
      join(root, "samples/observatory/questions.jsonl"),
      "--index",
      join(root, "samples/observatory"),
      "--mode",
      "words",
      "--json",
    );
    const { corpus } = JSON.parse(stdout);
    expect(corpus.goldInCorpus.of).toBe(45);
    expect(corpus.goldInCorpus.count).toBeGreaterThan(40);
    expect(corpus.supportsInTopK.of).toBe(45);
  });
});

describe("a recipe of an evaluation", () => {
  const write = (name: string, source: string): string => {
    const file = join(home, name);
    writeFileSync(file, source);
    return file;
  };

  test("gives the options, its paths beside it; what the command line says wins", async () => {
    const recipe = write(
      "tower.recipe.jsonc",
      '{\n  // ten towers\n  "data": "questions.jsonl", "index": "passages.jsonl", "embedder": "none", "mode": "words", "limit": 3, "out": "by-recipe",\n}\n',
    );
    const { code, stdout, stderr } = await start(["evaluate", recipe, "--limit", "2", "--json"]).output;
    expect(code, stderr).toBe(0);
    const { out, summary } = JSON.parse(stdout) as { out: string; summary: { questions: number; rows: number } };
    expect(out).toBe(join(home, "by-recipe"));
    expect(summary).toMatchObject({ questions: 2, rows: 2 });
  });

  test.each([
    ["a field that there is not", '{"dat": "x"}', /has no field "dat" \(perhaps "data" is meant\); mend its name/],
    ["a wrong value", '{"data": "questions.jsonl", "limit": "all"}', /wrong at limit:/],
    ["a file that is no JSON", '{\n"data": \n', /is no JSON at line 3/],
    ["no questions", "{}", /Give --data, or a recipe that has it\./],
  ])("with %s is refused in one sentence", async (name, source, sentence) => {
    const { code, stderr } = await start(["evaluate", write(`${name.replaceAll(" ", "-")}.jsonc`, source)]).output;
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});
