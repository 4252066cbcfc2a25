import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cached } from "../../../server/retrieval/cache.ts";
import { deduplicated } from "../../../server/retrieval/deduplicate.ts";
import type { SearchOutcome } from "../../../server/retrieval/retriever.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const signal = new AbortController().signal;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-cache-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

const echoing = () => functionRetriever((query) => [remotePassage(`about ${query}`)]);
const texts = (outcomes: readonly SearchOutcome[]) =>
  outcomes.map((outcome) => (outcome.ok ? outcome.hits.map(({ passage }) => passage.text) : []));
const files = () =>
  readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name));

test("an answer is asked once, for every spelling of its query that says the same", async () => {
  const source = echoing();
  const retriever = cached(source, { home, hours: 1 });
  const [first] = await retriever.search(["caf\u00e9  dome "], 3, signal);
  expect(first).toMatchObject({ ok: true, cached: false });
  const [second] = await retriever.search([" cafe\u0301 dome"], 3, signal);
  expect(second).toMatchObject({ ok: true, cached: true });
  expect(texts([second!])).toEqual(texts([first!]));
  expect(source.queries).toHaveLength(1);
  await retriever.search(["CAF\u00c9 dome"], 3, signal);
  expect(source.queries).toHaveLength(2);
});

test("capitals make no difference where they are folded", async () => {
  const source = echoing();
  const retriever = cached(source, { home, hours: 1, fold: true });
  await retriever.search(["North Dome"], 3, signal);
  expect(await retriever.search(["north dome"], 3, signal)).toMatchObject([{ cached: true }]);
});

test("another retriever, another count or another query is another answer", async () => {
  await cached(echoing(), { home, hours: 1 }).search(["dome"], 3, signal);
  for (const [id, query, k] of [
    ["other", "dome", 3],
    ["test", "dome", 4],
    ["test", "domes", 3],
  ] as const) {
    expect(await cached({ ...echoing(), id }, { home, hours: 1 }).search([query], k, signal)).toMatchObject([
      { cached: false },
    ]);
  }
});

test("only what is missing is asked, in one call and once, and the order stays", async () => {
  const source = echoing();
  const retriever = cached(source, { home, hours: 1 });
  await retriever.search(["b"], 3, signal);
  const outcomes = await retriever.search(["a", "b", "c", "a "], 3, signal);
  expect(texts(outcomes)).toEqual([["about a"], ["about b"], ["about c"], ["about a"]]);
  expect(source.queries).toEqual(["b", "a", "c"]);
});

test("an answer is used for its time and no longer", async () => {
  let now = Date.now();
  const retriever = cached(echoing(), { home, hours: 2, now: () => now });
  await retriever.search(["a"], 3, signal);
  now += 2 * 3_600_000;
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ cached: true }]);
  now += 1;
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ cached: false }]);
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ cached: true }]);
});

test("a failure is not kept", async () => {
  let fails = true;
  const source = functionRetriever(() =>
    fails ? { ok: false, error: { kind: "timeout", message: "late" } } : [remotePassage("a")],
  );
  const retriever = cached(source, { home, hours: 1 });
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ ok: false }]);
  fails = false;
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ ok: true, cached: false }]);
});

test.each(["", "{", "{}", '{"version":1,"retriever":"test","query":"b","k":3,"at":1,"hits":[]}', "\0\0"])(
  "a damaged file (%j) is asked for again and mended",
  async (damage) => {
    const retriever = cached(echoing(), { home, hours: 1 });
    await retriever.search(["a"], 3, signal);
    expect(files()).toHaveLength(1);
    writeFileSync(files()[0]!, damage);
    expect(texts(await retriever.search(["a"], 3, signal))).toEqual([["about a"]]);
    expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ cached: true }]);
  },
);

test("a query cannot name a file", async () => {
  await cached(echoing(), { home, hours: 1 }).search(["../../../escape", "/etc/passwd\0"], 3, signal);
  expect(files()).toHaveLength(2);
  for (const file of files()) expect(file.slice(home.length)).toMatch(/^.[0-9a-f]{2}.[0-9a-f]{64}\.json$/);
});

test("a folder that cannot be written costs the cache and not the search", async () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  const retriever = cached(echoing(), { home: join(file, "cache"), hours: 1 });
  expect(await retriever.search(["a"], 3, signal)).toMatchObject([{ ok: true, cached: false }]);
});

test("opening a cache removes what is too old, once a day", async () => {
  await cached(echoing(), { home, hours: 1 }).search(["a"], 3, signal);
  const [file] = files();
  const old = new Date(Date.now() - 7_200_000);
  utimesSync(file!, old, old);
  cached(echoing(), { home, hours: 1 });
  expect(existsSync(file!)).toBe(true);
  utimesSync(join(home, "swept"), old, new Date(Date.now() - 25 * 3_600_000));
  cached(echoing(), { home, hours: 1 });
  expect(existsSync(file!)).toBe(false);
});

test("two processes share a folder: every answer stays whole", async () => {
  const script = join(home, "writer.mjs");
  const module = (name: string) => JSON.stringify(new URL(`../../../${name}`, import.meta.url).href);
  writeFileSync(
    script,
    `import { cached } from ${module("server/retrieval/cache.ts")};
import { functionRetriever, remotePassage } from ${module("test/fixtures/retriever.ts")};
const source = functionRetriever((query) => [remotePassage((query + " ").repeat(2000))]);
const retriever = cached(source, { home: process.argv[2], hours: 1 });
let wrong = 0;
for (let round = 0; round < 60; round++) {
  const query = "q" + (round % 12);
  const [outcome] = await cached(source, { home: process.argv[2], hours: round % 2 ? 1 : 1e-9 }).search([query], 1, new AbortController().signal);
  if (outcome.hits[0].passage.text !== (query + " ").repeat(2000)) wrong++;
}
process.stdout.write(String(wrong));`,
  );
  const shared = join(home, "shared");
  const runs = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, [script, shared])));
  expect(runs.map(({ stdout }) => stdout)).toEqual(["0", "0", "0"]);
  const left = readdirSync(shared, { recursive: true }).map(String);
  expect(left.filter((name) => name.endsWith(".json"))).toHaveLength(12);
  expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  for (const name of left.filter((each) => each.endsWith(".json")))
    expect(JSON.parse(readFileSync(join(shared, name), "utf8"))).toMatchObject({ version: 1 });
});

test("equal queries of a batch are asked once and all get the answer", async () => {
  const source = echoing();
  const outcomes = await deduplicated(source).search(["a", "b", "a"], 3, signal);
  expect(texts(outcomes)).toEqual([["about a"], ["about b"], ["about a"]]);
  expect(source.queries).toEqual(["a", "b"]);
});
