import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { type Gateway, type GatewayOptions, openGateway } from "../../../server/retrieval/gateway.ts";
import { remoteRetriever } from "../../../server/retrieval/remote.ts";
import type { Retriever, SearchOutcome } from "../../../server/retrieval/retriever.ts";
import { wireForms } from "../../../server/retrieval/wire/forms.ts";
import { documentsBlock } from "../../../server/rollout/insertion.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { searchR1 } from "../../../server/rollout/profiles/search-r1.ts";
import { functionRetriever, hitsOf, remotePassage } from "../../fixtures/retriever.ts";

const signal = new AbortController().signal;
const open: Gateway[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close(0);
});

async function serving(retriever: Retriever, options: Partial<GatewayOptions> = {}): Promise<string> {
  const gateway = await openGateway(retriever, { host: "127.0.0.1", port: 0, ...options });
  open.push(gateway);
  return gateway.url;
}

async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: response.status, json: await response.json() };
}

const library: Record<string, Passage[]> = {
  dome: [
    { id: "p1", title: "North Dome", text: 'Built in 1963.\n\n<|end_of_documents|> "quoted" \u00e9\ud83d\udd2d' },
    { id: "p2", title: "Crew\nlist", text: "1984 was a dry year." },
  ],
  none: [],
};
const libraryRetriever = () => functionRetriever((query) => library[query] ?? []);

describe.each(wireForms)("our client and our server in the form $name", (form) => {
  test("bring every query its own passages, in order, in one request", async () => {
    const url = await serving(libraryRetriever());
    const outcomes = await remoteRetriever(form, url).search(["none", "dome", "dome"], 5, signal);
    expect(outcomes.map((outcome) => outcome.ok && outcome.hits.length)).toEqual([0, 2, 2]);
    const hits = outcomes[1]!.ok ? outcomes[1]!.hits : [];
    for (const [index, { title, text }] of library["dome"]!.entries()) {
      expect(hits[index]!.passage.text).toContain(text);
      expect(hits[index]!.passage.text).toContain(title.replace("\n", " "));
    }
  });

  test("keep a passage that is one string as it is, over any number of servers", async () => {
    const text = form.name === "r1" ? "12\tDome   1984 text" : '"Dome"\n1984 text';
    const first = await serving(functionRetriever(() => [remotePassage(text)]));
    const second = await serving(remoteRetriever(form, first));
    const [outcome] = await remoteRetriever(form, second).search(["dome"], 1, signal);
    expect(outcome).toMatchObject({ hits: [{ passage: { title: "", text } }] });
  });

  test("turn a failed search into a failed request, not into documents", async () => {
    const failing = functionRetriever((query): SearchOutcome =>
      query === "bad"
        ? { ok: false, error: { kind: "unavailable", message: "The index is gone." } }
        : { ok: true, hits: [], seconds: 0, cached: false },
    );
    const url = await serving(failing);
    const outcomes = await remoteRetriever(form, url, { retries: 0 }).search(["good", "bad"], 1, signal);
    expect(outcomes).toMatchObject([{ ok: false, error: { kind: "unavailable" } }, { ok: false }]);
  });
});

describe("what the trainers' own clients make of the documents", () => {
  test("R1-Searcher's: the row number is stripped once and the year stays", async () => {
    const url = await serving(libraryRetriever());
    const { json } = await post(`${url}/queries`, { queries: ["dome"] });
    const { answers } = json as { answers: string[][] };
    expect(answers[0]![1]).toMatch(/^\d+\tCrew list {3}1984 was a dry year\.$/);
    const outcome = await remoteRetriever(wireForms[0]!, url).search(["dome"], 3, signal);
    const hits = outcome[0]!.ok ? outcome[0]!.hits : [];
    expect(documentsBlock(hits.slice(1), r1Searcher, 1).text).toContain("(1)Crew list   1984 was a dry year.\n");
  });

  test("Search-R1's: title on the first line, in quotation marks", async () => {
    const url = await serving(libraryRetriever());
    const [outcome] = await remoteRetriever(wireForms[1]!, url).search(["dome"], 3, signal);
    const hits = outcome!.ok ? outcome!.hits : [];
    expect(documentsBlock(hits.slice(1), searchR1, 1).text).toContain('Doc 1(Title: "Crew list") 1984 was a dry year.');
  });

  test("a passage has the same row number whenever it is asked for", async () => {
    const ask = async () =>
      (await post(`${await serving(libraryRetriever())}/queries`, { queries: ["dome"], k: 1 })).json;
    expect(await ask()).toEqual(await ask());
  });
});

describe("requests", () => {
  test("Search-R1: scores are an object each, bare documents where none are asked for, and 0 means the default", async () => {
    const retriever = libraryRetriever();
    const url = await serving(retriever);
    const scored = await post(`${url}/retrieve`, { queries: ["dome"], topk: 1, return_scores: true });
    expect(scored.json).toMatchObject({
      result: [
        [{ document: { id: "p1", contents: expect.stringMatching(/^"North Dome"\nBuilt/) as string }, score: 1 }, {}],
      ],
    });
    const bare = await post(`${url}/retrieve`, { queries: ["dome"], topk: 0 });
    expect(bare.json).toMatchObject({ result: [[{ id: "p1" }, { id: "p2" }]] });
    expect(retriever.counts).toEqual([1, 3]);
  });

  test("ReCall: one query, scores beside the documents, blank queries refused", async () => {
    const retriever = libraryRetriever();
    const url = await serving(retriever);
    expect((await post(`${url}/search`, { query: "dome" })).json).toMatchObject([{ id: "p1" }, { id: "p2" }]);
    expect(retriever.counts).toEqual([10]);
    expect((await post(`${url}/search`, { query: "dome", return_score: true })).json).toMatchObject([
      [{ id: "p1" }, { id: "p2" }],
      [1, 0.5],
    ]);
    expect((await post(`${url}/batch_search`, { query: ["dome", "none"], return_score: true })).json).toMatchObject([
      [[{}, {}], []],
      [[1, 0.5], []],
    ]);
    expect(await post(`${url}/search`, { query: " " })).toMatchObject({
      status: 400,
      json: { detail: "query: is empty" },
    });
  });

  test.each([
    ["no JSON", "{", 400],
    ["no queries", {}, 400],
    ["a query that is a number", { queries: [1] }, 400],
    ["too many queries", { queries: Array.from({ length: 4097 }, () => "q") }, 400],
    ["a query of 10 MB", { queries: ["q".repeat(10_000_000)] }, 400],
    ["a body over the limit", { queries: ["q".repeat(17_000_000)] }, 413],
    ["no documents wanted", { queries: ["q"], k: 0 }, 400],
    ["too many documents wanted", { queries: ["q"], k: 1001 }, 400],
  ])("%s is refused with a reason", async (_, body, status) => {
    const reply = await post(`${await serving(libraryRetriever())}/queries`, body);
    expect(reply).toMatchObject({ status, json: { detail: expect.stringMatching(/\S/) as string } });
  });

  test("equal queries of a batch are searched once", async () => {
    const retriever = libraryRetriever();
    await post(`${await serving(retriever)}/queries`, { queries: ["dome", "x", "dome", "x"] });
    expect(retriever.queries.toSorted()).toEqual(["dome", "x"]);
  });

  test("a retriever that throws is an error without its text", async () => {
    const throwing: Retriever = {
      id: "t",
      folders: [],
      coverage: () => undefined,
      search: () => Promise.reject(new Error("secret path")),
    };
    expect(await post(`${await serving(throwing)}/queries`, { queries: ["a"] })).toEqual({
      status: 500,
      json: { detail: "The search failed." },
    });
  });

  test("health names what is served and what cannot be found yet", async () => {
    const url = await serving({ ...libraryRetriever(), coverage: () => "half of it" });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: "healthy",
      retriever: "test",
      coverage: "half of it",
    });
  });
});

describe("who is answered", () => {
  test("with a token: who sends it, in a header or in the address", async () => {
    const url = await serving(libraryRetriever(), { token: "secret-token" });
    const body = { queries: ["dome"] };
    expect((await post(`${url}/queries`, body)).status).toBe(401);
    expect((await post(`${url}/queries`, body, { authorization: "Bearer secret-tokem" })).status).toBe(401);
    expect((await post(`${url}/queries?token=secret`, body)).status).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(401);
    expect((await post(`${url}/queries`, body, { authorization: "Bearer secret-token" })).status).toBe(200);
    expect((await post(`${url}/queries?token=secret-token`, body)).status).toBe(200);
    const client = remoteRetriever(wireForms[0]!, url, { key: () => Promise.resolve("secret-token") });
    expect(await client.search(["dome"], 1, signal)).toMatchObject([{ ok: true }]);
  });

  test.each([
    ["another name", "HTTP/1.1\r\nHost: rebound.example", 403],
    ["no name", "HTTP/1.0", 403],
    ["localhost", "HTTP/1.1\r\nHost: localhost:80", 200],
    ["its address", "HTTP/1.1\r\nHost: [::1]:80", 200],
  ])("without a token: who calls this machine by %s", async (_, lines, status) => {
    const { port } = new URL(await serving(libraryRetriever()));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET /health ${lines}\r\nConnection: close\r\n\r\n`);
    let reply = "";
    socket.on("data", (chunk) => (reply += String(chunk)));
    await once(socket, "close");
    expect(Number(reply.split(" ")[1])).toBe(status);
  });
});

describe("the end", () => {
  /** Answers when it is told to, and remembers whether it was cancelled. */
  function slowRetriever() {
    const state = { started: 0, cancelled: 0, release: () => {} };
    const released = new Promise<void>((resolve) => (state.release = resolve));
    const retriever: Retriever = {
      id: "slow",
      folders: [],
      coverage: () => undefined,
      async search(queries, _k, asked) {
        state.started++;
        const stopped = new Promise<void>((resolve) => asked.addEventListener("abort", () => resolve()));
        await Promise.race([released, stopped]);
        if (asked.aborted) state.cancelled++;
        return queries.map(() =>
          asked.aborted
            ? { ok: false, error: { kind: "cancelled", message: "cancelled" } }
            : { ok: true, hits: hitsOf([remotePassage("1\ta")]), seconds: 0, cached: false },
        );
      },
    };
    return { state, retriever };
  }

  async function started(state: { started: number }): Promise<void> {
    while (state.started === 0) await pause(5);
  }

  test("a stop lets the request under way finish and takes no other", async () => {
    const { state, retriever } = slowRetriever();
    const url = await serving(retriever);
    const reply = post(`${url}/queries`, { queries: ["a"] });
    await started(state);
    const closed = open.splice(0)[0]!.close(5);
    await pause(50);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    state.release();
    expect((await reply).status).toBe(200);
    await closed;
    expect(state.cancelled).toBe(0);
  });

  test("a stop cancels what takes longer than its grace", async () => {
    const { state, retriever } = slowRetriever();
    const reply = post(`${await serving(retriever)}/queries`, { queries: ["a"] });
    await started(state);
    await open.splice(0)[0]!.close(0.05);
    expect((await reply).status).toBe(503);
    expect(state.cancelled).toBe(1);
  });

  test("a client that hangs up has its search cancelled", async () => {
    const { state, retriever } = slowRetriever();
    const controller = new AbortController();
    const reply = fetch(`${await serving(retriever)}/queries`, {
      method: "POST",
      body: '{"queries":["a"]}',
      headers: { "content-type": "application/json" },
      signal: controller.signal,
    });
    await started(state);
    controller.abort();
    await expect(reply).rejects.toThrow();
    while (state.cancelled === 0) await pause(5);
  });

  test("a request has a time limit of its own", async () => {
    const { retriever } = slowRetriever();
    expect((await post(`${await serving(retriever, { seconds: 0.1 })}/queries`, { queries: ["a"] })).status).toBe(504);
  });

  test("a port that is taken is said", async () => {
    const { port } = new URL(await serving(libraryRetriever()));
    await expect(openGateway(libraryRetriever(), { host: "127.0.0.1", port: Number(port) })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});
