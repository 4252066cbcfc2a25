import { describe, expect, test } from "vitest";
import { PolicyError } from "../../../server/models/policy.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import type { WebRequest } from "../../../server/retrieval/web/provider.ts";
import { webProviders } from "../../../server/retrieval/web/providers.ts";
import { pageReader } from "../../../server/retrieval/web/read-page.ts";
import { policySummariser, summaryPrompt } from "../../../server/retrieval/web/summarise.ts";
import { type WebOptions, webRetriever } from "../../../server/retrieval/web/web-search.ts";
import { answers, modelServer } from "../../fixtures/model-server.ts";

const signal = new AbortController().signal;
const provider = (name: string) => webProviders.find((one) => one.name === name)!;

/** A reply of each provider with one result, one that no browser opens, and one without a text. */
const replies: Record<string, object> = {
  searxng: {
    query: "q",
    results: [
      { url: "https://a.example/1", title: "One", content: "First.", engine: "x" },
      { url: "javascript:alert(1)", title: "X", content: "Y" },
      { url: "http://a.example/2", title: "Two", content: null },
    ],
  },
  brave: {
    type: "search",
    web: {
      results: [
        { url: "https://a.example/1", title: "One", description: "First." },
        { url: "file:///etc/passwd", title: "X" },
        { url: "http://a.example/2", title: "Two" },
      ],
    },
  },
  tavily: {
    query: "q",
    results: [
      { url: "https://a.example/1", title: "One", content: "First.", score: 0.9 },
      { url: "not a url", title: "X", content: "Y" },
      { url: "http://a.example/2", title: "Two", content: "" },
    ],
  },
  serper: {
    organic: [
      { link: "https://a.example/1", title: "One", snippet: "First.", position: 1 },
      { link: "data:text/html,x", title: "X" },
      { link: "http://a.example/2", title: "Two" },
    ],
  },
};

const asked = { query: 'dome "shutter" & mirror', count: 5, site: "en.wikipedia.org" };

const requests: Record<string, WebRequest> = {
  searxng: {
    url: "https://base/search?q=dome+%22shutter%22+%26+mirror+site%3Aen.wikipedia.org&format=json",
    headers: { accept: "application/json" },
  },
  brave: {
    url: "https://base/res/v1/web/search?q=dome+%22shutter%22+%26+mirror+site%3Aen.wikipedia.org&count=5&text_decorations=false",
    headers: { accept: "application/json", "x-subscription-token": "KEY" },
  },
  tavily: {
    url: "https://base/search",
    headers: { authorization: "Bearer KEY" },
    body: { query: asked.query, max_results: 5, include_domains: ["en.wikipedia.org"] },
  },
  serper: {
    url: "https://base/search",
    headers: { "x-api-key": "KEY" },
    body: { q: 'dome "shutter" & mirror site:en.wikipedia.org', num: 5 },
  },
};

const withKey = (url: string, more: WebOptions = {}): WebOptions => ({
  base: url,
  key: () => Promise.resolve("KEY"),
  retries: 0,
  ...more,
});

describe.each(webProviders.map(({ name }) => name))("%s", (name) => {
  test("is asked in its own form", () => {
    expect(provider(name).request(asked, "https://base", "KEY")).toEqual(requests[name]);
  });

  test("brings results that a browser would open, as passages with title and address", async () => {
    await using server = await modelServer(answers(200, replies[name]!));
    const retriever = webRetriever(provider(name), withKey(server.url, { site: "a.example" }));
    const [outcome] = await retriever.search(["dome"], 5, signal);
    expect(outcome).toMatchObject({
      ok: true,
      cached: false,
      hits: [
        { rank: 1, passage: { id: "https://a.example/1", title: "One", text: "First." } },
        { rank: 2, passage: { id: "http://a.example/2", title: "Two", text: "" } },
      ],
    });
    expect(retriever.id).toBe(`web:${name}@${server.url} site:a.example`);
  });

  test.each([
    ["HTML", answers(200, "<html>"), "bad-response"],
    ["another form", answers(200, { answers: [] }), "bad-response"],
    ["a list", answers(200, "[]"), "bad-response"],
    ["no quota", answers(429), "limit"],
    ["no money", answers(402), "limit"],
    ["a failure", answers(502), "unavailable"],
  ])("answers %s: an error of its kind", async (_, reply, kind) => {
    await using server = await modelServer(reply);
    const [outcome] = await webRetriever(provider(name), withKey(server.url)).search(["dome"], 5, signal);
    expect(outcome).toMatchObject({ ok: false, error: { kind } });
    expect(JSON.stringify(outcome)).not.toContain("KEY");
  });
});

test.each(webProviders.filter(({ keyName }) => keyName).map(({ name, keyName }) => [name, keyName!]))(
  "%s without a key is not asked",
  async (name, keyName) => {
    await using server = await modelServer(answers(200, {}));
    const [outcome] = await webRetriever(provider(name), {
      base: server.url,
      key: () => Promise.resolve(undefined),
    }).search(["dome"], 5, signal);
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "unavailable", message: expect.stringContaining(keyName) as string },
    });
    expect(server.requests).toHaveLength(0);
  },
);

test("a key does not follow a redirect to another host", async () => {
  await using other = await modelServer(answers(200, replies["serper"]!));
  await using server = await modelServer(answers(307, "", { location: other.url }));
  const [outcome] = await webRetriever(provider("serper"), withKey(server.url)).search(["dome"], 5, signal);
  expect(outcome).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  expect(other.requests).toHaveLength(0);
});

test("Brave's reply without results finds nothing", () => {
  expect(provider("brave").read({ type: "search", query: {} })).toEqual([]);
});

describe("summaries", () => {
  const results = {
    organic: ["1", "2", "3", "4"].map((n) => ({
      link: `https://a.example/${n}`,
      title: `Page ${n}`,
      snippet: `Snippet ${n}.`,
    })),
  };

  async function summarised(pages: Record<string, string | undefined>, summaries: string[]) {
    await using server = await modelServer(answers(200, results));
    const seen: string[] = [];
    const outcome = await webRetriever(
      provider("serper"),
      withKey(server.url, {
        summary: {
          id: "scripted",
          readPage: (url) =>
            Promise.resolve(
              pages[url.slice(-1)] === undefined
                ? { ok: false, reason: "gone" }
                : { ok: true, text: pages[url.slice(-1)]! },
            ),
          summarise: (_, page) => (seen.push(page), Promise.resolve(summaries[seen.length - 1]!)),
        },
      }),
    ).search(["dome"], 5, signal);
    return { seen, outcome: outcome[0]! };
  }

  test("a page that cannot be read is judged by its snippet", async () => {
    const { seen, outcome } = await summarised({ "2": "text of two" }, ["None", "Two says it."]);
    expect(seen).toEqual(["Snippet 1.", "text of two"]);
    expect(outcome).toMatchObject({
      ok: true,
      hits: [{ passage: { id: "https://a.example/2", title: "Page 2", text: "Two says it." } }],
    });
  });

  test("three pages without anything to say bring no document", async () => {
    const { seen, outcome } = await summarised({ "1": "a", "2": "b", "3": "c" }, ["None", "none.", "None"]);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(outcome).toMatchObject({ ok: true, hits: [] });
  });

  test("pages are fetched, read and summarised by a policy", async () => {
    await using pages = await modelServer(
      answers(200, "<title>One</title><nav>a b c d</nav><p>Nothing of interest here.</p>", {
        "content-type": "text/html",
      }),
      answers(200, "The dome was built in 1963.", { "content-type": "text/plain" }),
    );
    const organic = ["1", "2"].map((n) => ({ link: `http://pages.example:${pages.port}/${n}`, title: `Page ${n}` }));
    await using server = await modelServer(answers(200, { organic }));
    const policy = scriptedPolicy([
      { text: "[Exacted Content]: None", finish: { reason: "end" } },
      { text: ["[Exacted ", "Content]: It was ", "built in 1963."], finish: { reason: "end" } },
    ]);
    const readPage = pageReader({
      resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
      allows: () => true,
    });
    const summary = { id: "scripted", summarise: policySummariser(policy), readPage };
    const retriever = webRetriever(provider("serper"), withKey(server.url, { summary }));
    const [outcome] = await retriever.search(["dome year"], 5, signal);
    expect(pages.requests.map(({ path }) => path)).toEqual(["/1", "/2"]);
    expect(outcome).toMatchObject({
      ok: true,
      hits: [{ passage: { title: "Page 2", text: "It was built in 1963." } }],
    });
    expect(outcome!.ok && outcome!.hits).toHaveLength(1);
  });

  test("a policy that fails is an error, not a document", async () => {
    await using server = await modelServer(answers(200, results));
    const failing = () => Promise.reject(new PolicyError("timeout", "The model did not answer."));
    const [outcome] = await webRetriever(
      provider("serper"),
      withKey(server.url, {
        summary: { id: "f", summarise: failing, readPage: () => Promise.resolve({ ok: true, text: "page" }) },
      }),
    ).search(["dome"], 5, signal);
    expect(outcome).toMatchObject({
      ok: false,
      error: { kind: "unavailable", message: expect.stringContaining("The model did not answer.") as string },
    });
  });

  test("a policy is asked with the query and the page; its thinking is no summary", async () => {
    const policy = scriptedPolicy([
      { text: "<think>[Exacted Content]: no</think>[Exacted Content]: Yes, in 1963.", finish: { reason: "end" } },
    ]);
    const turns: string[] = [];
    const spy = {
      ...policy,
      generate: (turn: Parameters<typeof policy.generate>[0], asked: AbortSignal) => (
        turns.push(turn.transcript.text),
        policy.generate(turn, asked)
      ),
    };
    expect(await policySummariser(spy)("dome year", "The page.", signal)).toBe("Yes, in 1963.");
    expect(turns[0]).toBe(summaryPrompt("dome year", "The page."));
    expect(turns[0]).toContain("Search query: dome year");
  });
});
