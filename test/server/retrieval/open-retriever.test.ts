import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PolicyError } from "../../../server/models/policy.ts";
import { type RetrieverDeps, openRetriever } from "../../../server/retrieval/open-retriever.ts";
import type { Retriever } from "../../../server/retrieval/retriever.ts";
import { parseRetriever } from "../../../server/retrieval/retriever-spec.ts";
import { answers, modelServer } from "../../fixtures/model-server.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const signal = new AbortController().signal;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-open-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function opened(text: string, deps: Partial<RetrieverDeps> = {}): Promise<Retriever> {
  const result = await openRetriever(text, { openFolder: () => Promise.reject(new Error("no folder")), ...deps });
  if (!result.ok) throw new Error(result.reason);
  return result.retriever;
}

describe("the text of a retriever", () => {
  test.each([
    ["r1:http://localhost:5004", { kind: "remote", form: { name: "r1" }, url: "http://localhost:5004" }],
    ["search-r1:https://far.example/base", { kind: "remote", form: { name: "search-r1" } }],
    ["recall:http://[::1]:80", { kind: "remote", form: { name: "recall" } }],
    ["web:brave", { kind: "web", provider: { name: "brave" } }],
    [
      "web:searxng@http://localhost:8888",
      { kind: "web", provider: { name: "searxng" }, base: "http://localhost:8888" },
    ],
    ["replay:runs/a.jsonl", { kind: "replay", file: "runs/a.jsonl" }],
    ["docs", { kind: "folder", path: "docs" }],
    ["C:\\docs", { kind: "folder", path: "C:\\docs" }],
    ["./web:brave", { kind: "folder", path: "./web:brave" }],
  ])("%s", (text, spec) => expect(parseRetriever(text)).toMatchObject({ ok: true, spec }));

  test.each([
    ["r1:localhost:5004", /no address of a server/],
    ["r1:", /no address/],
    ["recall:ftp://a", /no address/],
    ["search-r1:http://user:secret@a", /more than host and path/],
    ["r1:http://a?key=1", /more than host and path/],
    ["web:bing", /There is no web search "bing"; there are searxng, brave/],
    ["web:searxng", /no address of its own/],
    ["web:brave@nowhere", /no address/],
    ["replay:", /file of a recording/],
  ])("%s is refused with a reason", (text, reason) => {
    const parsed = parseRetriever(text);
    expect(!parsed.ok && parsed.reason).toMatch(reason);
    expect(!parsed.ok && parsed.reason).not.toContain("secret");
  });
});

test("a key comes from the environment, or from whoever is asked for it, and rubbish counts as none", async () => {
  await using server = await modelServer(answers(200, { organic: [] }));
  const text = `web:serper@${server.url}`;
  vi.stubEnv("SEARCHLIGHT_SERPER_KEY", " from-env\n");
  await (await opened(text)).search(["a"], 1, signal);
  await (await opened(text, { key: (name) => Promise.resolve(`secret-of-${name}`) })).search(["a"], 1, signal);
  expect(server.requests.map(({ headers }) => headers["x-api-key"])).toEqual([
    "from-env",
    "secret-of-SEARCHLIGHT_SERPER_KEY",
  ]);
  vi.stubEnv("SEARCHLIGHT_SERPER_KEY", "two words");
  expect(await (await opened(text)).search(["a"], 1, signal)).toMatchObject([
    { ok: false, error: { kind: "unavailable" } },
  ]);
  expect(server.requests).toHaveLength(2);
});

test("only what the cache does not hold is paid for", async () => {
  await using server = await modelServer(
    answers(200, { organic: [{ link: "https://a.example", title: "A", snippet: "b" }] }),
  );
  const retriever = await opened(`web:serper@${server.url}`, {
    key: () => Promise.resolve("k"),
    cache: { home: join(home, "cache"), hours: 1 },
    budget: { home: join(home, "spending"), searches: 2 },
  });
  const outcomes = [];
  for (const query of ["Dome", "dome", "mirror", "DOME ", "valve"])
    outcomes.push(...(await retriever.search([query, query], 3, signal)));
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.cached : outcome.error.kind))).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
    true,
    true,
    "limit",
    "limit",
  ]);
  expect(server.requests.map(({ body }) => body["q"])).toEqual(["Dome", "mirror"]);
});

test("what is opened with a recording can be replayed by its file", async () => {
  const file = join(home, "run.jsonl");
  const openFolder = () => Promise.resolve(functionRetriever((query) => [remotePassage(query)]));
  const live = await (await opened("docs", { openFolder, record: file })).search(["a", "b"], 1, signal);
  expect(await (await opened(`replay:${file}`)).search(["a", "b"], 1, signal)).toEqual(live);
});

test("a recording that is missing and a policy that cannot summarise are refused with a reason", async () => {
  const deps: RetrieverDeps = {
    openFolder: () => Promise.reject(new Error("no folder")),
    openPolicy: () => Promise.reject(new PolicyError("unavailable", "There is no policy x.")),
  };
  expect(await openRetriever(`replay:${join(home, "none")}`, deps)).toMatchObject({
    ok: false,
    reason: expect.stringContaining("does not exist") as string,
  });
  expect(await openRetriever("web:brave", { ...deps, summariser: "extractive" })).toMatchObject({
    ok: false,
    reason: expect.stringContaining("cannot summarise") as string,
  });
  expect(await openRetriever("web:brave", { ...deps, summariser: "x" })).toEqual({
    ok: false,
    reason: "There is no policy x.",
  });
});
