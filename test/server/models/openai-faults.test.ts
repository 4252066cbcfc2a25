import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseEndpoint } from "../../../server/models/endpoint.ts";
import { httpFetch } from "../../../server/models/http.ts";
import { openaiPolicy } from "../../../server/models/openai-policy.ts";
import { openPolicy } from "../../../server/models/policy-id.ts";
import { type Policy, PolicyError } from "../../../server/models/policy.ts";
import {
  answers,
  breaksOff,
  endsEarly,
  fallsSilent,
  modelServer,
  type Reply,
  streams,
  textEvents,
} from "../../fixtures/model-server.ts";
import { stretchOf, turnOf } from "../../fixtures/policy-turn.ts";

const key = "sk-do-not-show-this-0123456789";
const partial = textEvents(["Half an", " answer"]).slice(0, 2);

afterEach(() => void vi.unstubAllEnvs());

function quick(url: string, silentSeconds: number): Policy {
  const parsed = parseEndpoint(url);
  if (!parsed.ok) throw new Error(parsed.reason);
  return openaiPolicy({
    id: `openai:m@${url}`,
    model: "m",
    endpoint: parsed.endpoint,
    form: "completions",
    fetch: httpFetch(),
    silentSeconds,
  });
}

async function failure(policy: Policy, signal?: AbortSignal): Promise<{ error: PolicyError; text: string }> {
  let text = "";
  try {
    for await (const chunk of policy.generate(turnOf("docs"), signal ?? new AbortController().signal))
      text += chunk.text;
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return { error: error as PolicyError, text };
  }
  throw new Error("The policy did not fail.");
}

describe("an error status", () => {
  const cases: [string, Reply, string, RegExp][] = [
    ["401", answers(401, { error: { message: "no key" } }), "unauthorised", /refused the key \(401\).*Set API Key/],
    ["403", answers(403, "forbidden"), "unauthorised", /\(403\)/],
    [
      "a context that is too small (vLLM)",
      answers(400, {
        error: {
          message:
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens. Please reduce the length of the messages.",
          param: "max_tokens",
        },
      }),
      "too-long",
      /larger context/,
    ],
    [
      "a context that is too small (llama.cpp)",
      answers(400, {
        error: {
          type: "exceed_context_size_error",
          message: "the request exceeds the available context size",
          n_ctx: 4096,
        },
      }),
      "too-long",
      /larger context/,
    ],
    [
      "a field that is needed",
      answers(422, { detail: [{ loc: ["body", "model"], msg: "Field required" }] }),
      "bad-response",
      /Field required/,
    ],
    [
      "a content policy",
      answers(400, { error: { code: "content_policy_violation", message: "no" } }),
      "refused",
      /refused to answer/,
    ],
    ["a redirect", answers(307, "", { location: "http://192.0.2.1/" }), "unavailable", /another address/],
    [
      "no words at all",
      answers(409, "", { "x-should-retry": "false" }),
      "bad-response",
      /did not accept the request \(409\);/,
    ],
    ["an HTML page", answers(418, "<html>\u001b[31mteapot</html>"), "bad-response", /\(418\)/],
  ];
  test.each(cases)("%s becomes a typed error with one sentence that names the host", async (_, reply, kind, words) => {
    await using server = await modelServer(reply);
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`, { key: async () => key }));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(words);
    expect(error.message).toContain(`127.0.0.1:${server.port}`);
    // eslint-disable-next-line no-control-regex -- a server's escape sequences must not come through
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(server.requests).toHaveLength(1);
  });

  test("429 is waited for as Retry-After says, and the answer then comes", async () => {
    await using server = await modelServer(
      answers(429, "slow down", { "retry-after": "1" }),
      streams(textEvents(["ready"])),
    );
    const began = performance.now();
    expect((await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("docs"))).text).toBe("ready");
    expect(performance.now() - began).toBeGreaterThanOrEqual(950);
    expect(server.requests).toHaveLength(2);
  });

  test("429 that stays is tried three times and then told", async () => {
    await using server = await modelServer(
      answers(429, { error: { message: "quota used up" } }, { "retry-after-ms": "5" }),
    );
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(error).toMatchObject({ kind: "rate-limited", message: expect.stringContaining("quota used up") });
    expect(server.requests).toHaveLength(3);
  });

  test("500 that stays is tried three times and then told", async () => {
    await using server = await modelServer(answers(500, "out of memory", { "retry-after-ms": "5" }));
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(error).toMatchObject({ kind: "unavailable", message: expect.stringContaining("out of memory") });
    expect(server.requests).toHaveLength(3);
  });

  test("404 for the model in chat and completions names the model", async () => {
    await using server = await modelServer(answers(404, { error: "model 'm' not found" }));
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(error).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("does not offer the model m (it says: model 'm' not found)"),
    });
  });
});

describe("a broken answer", () => {
  test("that the server cuts off keeps the text so far and is unavailable", async () => {
    await using server = await modelServer(breaksOff(partial));
    const { error, text } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(text).toBe("Half an answer");
    expect(error).toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("in the middle of an answer"),
    });
    expect(server.requests).toHaveLength(1);
  });

  test("that ends without a finish is not taken for a whole one", async () => {
    await using server = await modelServer(endsEarly(partial));
    expect((await failure(await openPolicy(`openai:m@${server.url}`))).error.kind).toBe("unavailable");
  });

  test("that reports an error in its stream is unavailable", async () => {
    await using server = await modelServer(endsEarly([...partial, { error: { message: "worker died" } }]));
    const { error, text } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(text).toBe("Half an answer");
    expect(error).toMatchObject({ kind: "unavailable", message: expect.stringContaining("worker died") });
  });

  test.each([
    ["events that are no JSON", answers(200, "data: {half\n\n")],
    ["events of another kind", answers(200, 'data: {"hello":1}\n\n')],
    ["choices that are no list", answers(200, 'data: {"choices":{"text":"x"}}\n\n')],
    ["text that is no string", answers(200, 'data: {"choices":[{"text":7}]}\n\n')],
    ["a page in place of a stream", answers(200, "<html>login</html>")],
    ["one JSON object in place of a stream", answers(200, { choices: [{ text: "x", finish_reason: "stop" }] })],
    ["nothing", answers(200, "")],
  ])("of %s is a bad response", async (_, reply) => {
    await using server = await modelServer(reply);
    expect((await failure(await openPolicy(`openai:m@${server.url}`))).error.kind).toBe("bad-response");
  });

  test.each([
    ["before its first byte", fallsSilent(), ""],
    ["in the middle", fallsSilent(partial), "Half an answer"],
  ])(
    "that falls silent %s is a timeout, is not asked again, and its connection is closed",
    async (_, reply, expected) => {
      await using server = await modelServer(reply);
      const { error, text } = await failure(quick(server.url, 0.3));
      expect(text).toBe(expected);
      expect(error).toMatchObject({ kind: "timeout", message: expect.stringContaining("0.3 seconds") });
      expect(await server.requests[0]!.gone).toEqual({ complete: false });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("that is slow but steady is no timeout", async () => {
    await using server = await modelServer(streams(textEvents(["a", "b", "c", "d"]), 150));
    expect((await stretchOf(quick(server.url, 0.4), turnOf("docs"))).text).toBe("abcd");
  });

  test("whose server only says that it is still there is no timeout", async () => {
    await using server = await modelServer(async (response) => {
      response.writeHead(200);
      for (let count = 0; count < 8; count++) {
        response.write(": still reading the prompt\n\n");
        await pause(100);
      }
      response.end(
        `data: ${JSON.stringify(textEvents(["ready"])[0])}\n\ndata: ${JSON.stringify(textEvents([])[0])}\n\n`,
      );
    });
    expect((await stretchOf(quick(server.url, 0.4), turnOf("docs"))).text).toBe("ready");
  });

  test("that never stops growing is given up", async () => {
    const block = Buffer.from(`data: ${JSON.stringify(textEvents(["x".repeat(2 ** 16)])[0])}\n\n`);
    await using server = await modelServer(async (response) => {
      response.writeHead(200);
      while (!response.destroyed)
        if (!response.write(block)) await Promise.race([once(response, "drain"), once(response, "close")]);
    });
    const { error, text } = await failure(await openPolicy(`openai:m@${server.url}`));
    expect(error).toMatchObject({
      kind: "bad-response",
      message: expect.stringContaining("more than any answer needs"),
    });
    expect(text.length).toBeLessThan(70 * 2 ** 20);
  });

  test("from a port where nothing listens is unavailable", async () => {
    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const { port } = unused.address() as AddressInfo;
    unused.close();
    const { error } = await failure(await openPolicy(`openai:m@http://127.0.0.1:${port}`));
    expect(error).toMatchObject({
      kind: "unavailable",
      message: `127.0.0.1:${port} cannot be reached (ECONNREFUSED); start the server or check its address.`,
    });
  });
});

describe("cancelling", () => {
  test("closes the connection in the middle of an answer", async () => {
    await using server = await modelServer(fallsSilent(partial));
    const controller = new AbortController();
    const stream = (await openPolicy(`openai:m@${server.url}`)).generate(turnOf("docs"), controller.signal);
    expect((await stream.next()).value).toEqual({ text: "Half an" });
    controller.abort();
    await expect(async () => {
      for await (const _ of stream);
    }).rejects.toMatchObject({ kind: "cancelled" });
    expect(await server.requests[0]!.gone).toEqual({ complete: false });
  });

  test("closes the connection before the first byte", async () => {
    const controller = new AbortController();
    await using server = await modelServer(() => controller.abort());
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`), controller.signal);
    expect(error.kind).toBe("cancelled");
    expect(await server.requests[0]!.gone).toEqual({ complete: false });
  });

  test("ends a wait for the next try", async () => {
    await using server = await modelServer(answers(429, "slow down", { "retry-after": "30" }));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    expect((await failure(await openPolicy(`openai:m@${server.url}`), controller.signal)).error.kind).toBe("cancelled");
  });

  test("before the start makes no request", async () => {
    await using server = await modelServer(streams(textEvents(["ready"])));
    expect((await failure(await openPolicy(`openai:m@${server.url}`), AbortSignal.abort())).error.kind).toBe(
      "cancelled",
    );
    expect(server.requests).toHaveLength(0);
  });

  test("by a reader who has enough closes the connection", async () => {
    await using server = await modelServer(fallsSilent(partial));
    for await (const _ of (await openPolicy(`openai:m@${server.url}`)).generate(
      turnOf("docs"),
      new AbortController().signal,
    ))
      break;
    expect(await server.requests[0]!.gone).toEqual({ complete: false });
  });
});

describe("a key", () => {
  test("is sent as a bearer token and stays out of every message, also where the server repeats it", async () => {
    const repeats = `You sent Authorization: Bearer ${key} and I do not like ${key}.`;
    for (const status of [400, 401, 403, 404, 413, 422, 429, 500]) {
      await using server = await modelServer(
        answers(status, { error: { message: repeats } }, { "x-should-retry": "false" }),
      );
      const { error } = await failure(await openPolicy(`openai-chat:m@${server.url}`, { key: async () => key }));
      expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
      expect(JSON.stringify([error.message, String(error.cause ?? ""), error.stack])).not.toContain(key);
    }
    await using server = await modelServer(endsEarly([...partial, { error: { message: repeats } }]));
    const { error } = await failure(await openPolicy(`openai:m@${server.url}`, { key: async () => key }));
    expect(error.stack).not.toContain(key);
  });

  test("that no header can carry is told without showing it", async () => {
    await using server = await modelServer(streams(textEvents(["ready"])));
    const { error } = await failure(
      await openPolicy(`openai:m@${server.url}`, { key: async () => `${key}\nx-other: 1` }),
    );
    expect(error.kind).toBe("unauthorised");
    expect(error.stack).not.toContain(key);
    expect(server.requests).toHaveLength(0);
  });

  test("of the environment goes to the server, but OpenAI's own goes to OpenAI alone", async () => {
    await using server = await modelServer(streams(textEvents(["ready"])));
    vi.stubEnv("OPENAI_API_KEY", key);
    vi.stubEnv("OPENAI_ORG_ID", "org-secret");
    vi.stubEnv("OPENAI_CUSTOM_HEADERS", `x-gateway: ${key}`);
    await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("docs"));
    expect(JSON.stringify(server.requests[0]!.headers)).not.toMatch(/sk-do-not|org-secret/);
    vi.stubEnv("SEARCHLIGHT_API_KEY", "own-key");
    await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("docs"));
    expect(server.requests[1]?.headers.authorization).toBe("Bearer own-key");
  });
});
