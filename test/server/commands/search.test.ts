import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { answers, modelServer } from "../../fixtures/model-server.ts";

// Each test starts the program, which a busy machine takes seconds for.
vi.setConfig({ testTimeout: 120_000 });

const root = join(import.meta.dirname, "../../..");
const folder = join(root, "samples/observatory");
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-search-"));
});
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

interface HitJson {
  passage: string;
  path: string;
  startLine: number;
  endLine: number;
  text: string;
  score: number;
  words: { rank: number; score: number; part: number } | null;
  vectors: unknown;
  matched: string[];
  reranked?: { from: number; score: number };
}
interface Printed {
  version: number;
  mode: string;
  hits: HitJson[];
  state: string;
  ms: number;
}

async function search(...args: string[]): Promise<{ code: number; printed: Printed[]; stderr: string }> {
  const env = { ...process.env, SEARCHLIGHT_HOME: join(home, "data"), SEARCHLIGHT_CACHE: join(home, "cache") };
  const command = [join(root, "server/cli.ts"), "search", folder, ...args, "--embedder", "none", "--json"];
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, command, { env }).then(
    (ended) => ({ code: 0, ...ended }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const printed = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Printed);
  return { code, printed, stderr };
}

test("prints one object with the hits, how they were found, the index's state and the time", async () => {
  const { code, printed, stderr } = await search("dome shutter path:*.md -kind:notebook", "-k", "4");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(printed).toHaveLength(1);
  const [{ version, mode, hits, state, ms }] = printed as [Printed];
  expect({ version, mode, state }).toEqual({
    version: 1,
    mode: "words",
    state: "degraded",
  });
  expect(ms).toBeGreaterThan(0);
  expect(hits).toHaveLength(4);
  for (const { path, startLine, endLine, text, words, vectors, matched } of hits) {
    expect(path).toMatch(/\.md$/);
    expect(endLine).toBeGreaterThanOrEqual(startLine);
    expect(text).not.toBe("");
    expect(words).toEqual({
      rank: expect.any(Number) as number,
      score: expect.any(Number) as number,
      part: expect.any(Number) as number,
    });
    expect(vectors).toBeNull();
    expect(matched.length).toBeGreaterThan(0);
  }
});

test("answers many queries of a file, each on a line, and a question file is one", async () => {
  const file = join(home, "queries.jsonl");
  writeFileSync(file, '{"query":"dome"}\n\n{"id":7,"question":"Who closes the shutter?"}\n');
  const { code, printed } = await search("--queries", file, "-k", "2");
  expect(code).toBe(0);
  expect(printed).toMatchObject([
    { row: 0, query: "dome", mode: "words" },
    { row: 1, query: "Who closes the shutter?", mode: "words" },
  ]);
  expect(printed.every(({ hits }) => hits.length === 2)).toBe(true);
});

test("a reranker orders the hits, is asked with the query's words and each text, and keeps the rank before", async () => {
  await using server = await modelServer((response, { body }) => {
    const documents = body["documents"] as string[];
    // The longer text is the better one.
    const results = documents.map((text, index) => ({ index, relevance_score: text.length })).reverse();
    return answers(200, { results })(response, undefined as never);
  });
  const { printed } = await search('"dome" shutter', "-k", "3", "--rerank", `judge@${server.url}`);
  expect(server.requests[0]).toMatchObject({ path: "/v1/rerank", body: { model: "judge", query: "dome shutter" } });
  const { hits } = printed[0]!;
  const scores = hits.map(({ reranked }) => reranked!.score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  const sent = (server.requests[0]!.body["documents"] as string[]).map(({ length }) => length);
  expect(scores).toEqual(sent.toSorted((a, b) => b - a).slice(0, 3));
  expect(hits.map(({ reranked }) => sent[reranked!.from - 1])).toEqual(scores);
});

test.each([
  [["dome", "--mode", "vectors"], /--mode words searches without vectors/],
  [["dome", "--mode", "both"], /--mode is words, vectors or hybrid/],
  [["dome", "--rerank", "judge"], /names no reranker; give MODEL@URL/],
  [[], /Give a query, or --queries/],
])("says what is wrong with %j in one sentence", async (args, message) => {
  const { code, printed, stderr } = await search(...args);
  expect(code).not.toBe(0);
  expect(printed).toEqual([]);
  expect(stderr).toMatch(message);
});
