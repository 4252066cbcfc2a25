import { afterEach, describe, expect, test, vi } from "vitest";
import { rateLimit } from "../../../server/retrieval/rate-limit.ts";
import { type RemoteOptions, remoteRetriever } from "../../../server/retrieval/remote.ts";
import type { SearchOutcome } from "../../../server/retrieval/retriever.ts";
import { wireForms } from "../../../server/retrieval/wire/forms.ts";
import { type Reply, answers, fallsSilent, modelServer } from "../../fixtures/model-server.ts";

const signal = new AbortController().signal;
const form = (name: string) => wireForms.find((one) => one.name === name)!;

afterEach(() => void vi.unstubAllEnvs());

async function searched(
  name: string,
  reply: Reply,
  queries: readonly string[] = ["a", "b"],
  options: RemoteOptions = {},
): Promise<{ outcomes: SearchOutcome[]; requests: { path: string; body: Record<string, unknown> }[] }> {
  await using server = await modelServer(reply);
  const outcomes = await remoteRetriever(form(name), server.url, { retries: 0, ...options }).search(queries, 3, signal);
  return { outcomes, requests: server.requests };
}

const texts = (outcome: SearchOutcome | undefined): string[] =>
  outcome?.ok ? outcome.hits.map(({ passage }) => `${passage.title}|${passage.text}`) : [];

describe("a reply in a server's own form is read", () => {
  test("R1-Searcher: strings that keep their row number", async () => {
    const { outcomes, requests } = await searched(
      "r1",
      answers(200, { queries: ["a", "b"], answers: [["7\tDome   text", "8\t1984 was"], []] }),
    );
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ path: "/queries", body: { queries: ["a", "b"], k: 3 } });
    expect(texts(outcomes[0])).toEqual(["|7\tDome   text", "|8\t1984 was"]);
    expect(outcomes[0]).toMatchObject({
      hits: [
        { passage: { id: "r1:7" }, rank: 1 },
        { passage: { id: "r1:8" }, rank: 2 },
      ],
    });
    expect(outcomes[1]).toMatchObject({ ok: true, hits: [] });
  });

  test("Search-R1: scored, bare, titled and plain documents", async () => {
    const list = [
      { document: { id: "4", contents: '"Dome"\ntext' }, score: 0.5 },
      { id: 5, contents: '"Mirror"\ntext' },
      { document: { title: "Crew", text: "text" }, score: null },
    ];
    const { outcomes, requests } = await searched("search-r1", answers(200, { result: [list, ["one string"]] }));
    expect(requests[0]).toMatchObject({
      path: "/retrieve",
      body: { queries: ["a", "b"], topk: 3, return_scores: true },
    });
    expect(texts(outcomes[0])).toEqual(['|"Dome"\ntext', '|"Mirror"\ntext', "Crew|text"]);
    expect(outcomes[0]).toMatchObject({
      hits: [{ score: 0.5, passage: { id: "search-r1:4" } }, { passage: { id: "search-r1:5" } }, {}],
    });
    expect(texts(outcomes[1])).toEqual(["|one string"]);
  });

  test("ReCall: a batch, without the blank queries that its servers refuse", async () => {
    const { outcomes, requests } = await searched("recall", answers(200, [[{ id: "1", contents: '"A"\ntext' }]]), [
      " ",
      "a",
    ]);
    expect(requests[0]).toMatchObject({ path: "/batch_search", body: { query: ["a"], top_n: 3, return_score: false } });
    expect(outcomes.map(texts)).toEqual([[], ['|"A"\ntext']]);
  });

  test("a server that sends more documents than asked for is cut to what was asked", async () => {
    const { outcomes } = await searched("r1", answers(200, { answers: [["1\ta", "2\tb", "3\tc", "4\td"]] }), ["a"]);
    expect(texts(outcomes[0])).toEqual(["|1\ta", "|2\tb", "|3\tc"]);
  });
});

describe("a bad reply is an error of its kind and never a document", () => {
  const cases: [string, string, Reply, string, RegExp][] = [
    ["too few lists", "r1", answers(200, { answers: [["1\ta"]] }), "bad-response", /1 result lists for 2 queries/],
    ["too many lists", "search-r1", answers(200, { result: [[], [], []] }), "bad-response", /3 result lists for 2/],
    ["another form", "search-r1", answers(200, { answers: [[], []] }), "bad-response", /another form than search-r1/],
    ["numbers for documents", "r1", answers(200, { answers: [[1], [2]] }), "bad-response", /another form than r1/],
    ["an error as JSON", "recall", answers(200, { detail: "no index" }), "bad-response", /another form than recall/],
    ["null", "recall", answers(200, "null"), "bad-response", /another form/],
    ["HTML", "r1", answers(200, "<html>Sign in</html>", { "content-type": "text/html" }), "bad-response", /no JSON/],
    ["half a JSON", "r1", answers(200, '{"answers": [['), "bad-response", /no JSON/],
    ["500", "r1", answers(500, "trace"), "unavailable", /failed \(500\)/],
    ["404", "r1", answers(404), "bad-response", /\(404\).*speaks this form/],
    ["401", "r1", answers(401), "unavailable", /refused the key/],
    ["429", "r1", answers(429), "limit", /allows no more searches/],
    [
      "a redirect",
      "r1",
      answers(307, "", { location: "http://127.0.0.1:9/queries" }),
      "unavailable",
      /cannot be reached/,
    ],
  ];
  test.each(cases)("%s", async (_, name, reply, kind, message) => {
    const { outcomes } = await searched(name, reply);
    expect(outcomes).toHaveLength(2);
    for (const outcome of outcomes)
      expect(outcome).toEqual({ ok: false, error: { kind, message: expect.stringMatching(message) as string } });
  });

  test("more bytes than the limit", async () => {
    const { outcomes } = await searched("r1", answers(200, { answers: [["x".repeat(3_000_000)], []] }), ["a", "b"], {
      maxBytes: 2 ** 20,
    });
    expect(outcomes[0]).toMatchObject({
      error: { kind: "bad-response", message: expect.stringContaining("more than 1 MiB") as string },
    });
  });

  test("silence", async () => {
    const { outcomes } = await searched("r1", fallsSilent(), ["a"], { seconds: 0.2 });
    expect(outcomes[0]).toMatchObject({ error: { kind: "timeout" } });
  });

  test("no server", async () => {
    const outcomes = await remoteRetriever(form("r1"), "http://127.0.0.1:9", { retries: 0 }).search(["a"], 3, signal);
    expect(outcomes[0]).toMatchObject({
      error: { kind: "unavailable", message: expect.stringMatching(/^127\.0\.0\.1:9 cannot be reached/) as string },
    });
  });

  test("a cancelled search", async () => {
    const controller = new AbortController();
    await using server = await modelServer(() => controller.abort());
    const pending = remoteRetriever(form("r1"), server.url).search(["a"], 3, controller.signal);
    expect(await pending).toMatchObject([{ error: { kind: "cancelled" } }]);
  });
});

test("a failure that passes is tried again, one that does not is not", async () => {
  const good = answers(200, { answers: [["1\ta"]] });
  await using passing = await modelServer(answers(503), answers(429, "", { "retry-after": "0.05" }), good);
  expect(await remoteRetriever(form("r1"), passing.url).search(["a"], 3, signal)).toMatchObject([{ ok: true }]);
  expect(passing.requests).toHaveLength(3);
  await using lasting = await modelServer(answers(400), good);
  expect(await remoteRetriever(form("r1"), lasting.url).search(["a"], 3, signal)).toMatchObject([{ ok: false }]);
  expect(lasting.requests).toHaveLength(1);
});

test("the key is sent as a bearer token and never stands in an error", async () => {
  await using server = await modelServer(answers(403));
  const retriever = remoteRetriever(form("r1"), server.url, { retries: 0, key: () => Promise.resolve("do-not-show") });
  const [outcome] = await retriever.search(["a"], 3, signal);
  expect(server.requests[0]!.headers.authorization).toBe("Bearer do-not-show");
  expect(JSON.stringify(outcome)).not.toContain("do-not-show");
});

test("a rate limit spaces requests and lets a cancelled one go", async () => {
  const turnstile = rateLimit(20);
  const started = performance.now();
  await Promise.all(Array.from({ length: 5 }, () => turnstile(signal)));
  expect(performance.now() - started).toBeGreaterThanOrEqual(190);
  await expect(rateLimit(0.001)(signal)).resolves.toBeUndefined();
  const slow = rateLimit(0.001);
  await slow(signal);
  await expect(slow(AbortSignal.timeout(20))).rejects.toThrow();
});
