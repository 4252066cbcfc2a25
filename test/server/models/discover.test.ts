import { describe, expect, test } from "vitest";
import { findServers, testPolicy, type UsualServer } from "../../../server/models/discover.ts";
import { openPolicy } from "../../../server/models/policy-id.ts";
import { PolicyError } from "../../../server/models/policy.ts";
import {
  answers,
  chatEvents,
  fallsSilent,
  modelServer,
  type ModelServer,
  streams,
} from "../../fixtures/model-server.ts";

const signal = (): AbortSignal => new AbortController().signal;
const at = ({ port }: ModelServer, name = "vLLM", continuesText = true): UsualServer => ({ name, port, continuesText });
const list = (...ids: unknown[]) => answers(200, { object: "list", data: ids.map((id) => ({ id, object: "model" })) });

describe("finding servers", () => {
  test("lists each server's models as policies that can be opened", async () => {
    await using vllm = await modelServer(list("Qwen/Qwen3-8B"));
    await using ollama = await modelServer(list("llama3.2:3b", "nomic-embed-text"));
    const found = await findServers(signal(), [at(vllm), at(ollama, "Ollama", false)]);
    expect(found).toEqual([
      { policy: `openai-chat:Qwen/Qwen3-8B@${vllm.url}/v1`, label: "Qwen/Qwen3-8B", server: `vLLM, port ${vllm.port}` },
      {
        policy: `openai:Qwen/Qwen3-8B@${vllm.url}/v1`,
        label: "Qwen/Qwen3-8B (continues text)",
        server: `vLLM, port ${vllm.port}`,
      },
      {
        policy: `openai-chat:llama3.2:3b@${ollama.url}/v1`,
        label: "llama3.2:3b",
        server: `Ollama, port ${ollama.port}`,
      },
    ]);
    for (const { policy } of found) expect((await openPolicy(policy)).ref.kind).toBe("openai");
    expect(vllm.requests[0]).toMatchObject({ path: "/v1/models" });
    expect(vllm.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  test("names a server by what it says of itself before the port it listens on", async () => {
    await using server = await modelServer(answers(200, { data: [{ id: "m", owned_by: "llamacpp" }] }));
    expect((await findServers(signal(), [at(server, "Ollama", false)])).map((model) => model.server)).toEqual(
      Array(2).fill(`llama.cpp, port ${server.port}`),
    );
  });

  test("waits for no server longer than its time and keeps what the others said", async () => {
    await using silent = await modelServer(fallsSilent());
    await using good = await modelServer(list("m"));
    expect(await findServers(signal(), [at(silent), at(good, "Ollama", false)])).toHaveLength(1);
    for (const { gone } of silent.requests) expect(await gone).toEqual({ complete: false });
  });

  test.each([
    ["no JSON", answers(200, "<html>")],
    ["another shape", answers(200, { data: "models" })],
    ["an error", answers(500, { data: [{ id: "m" }] })],
    ["a redirect", answers(302, "", { location: "http://192.0.2.1/v1/models" })],
    ["more than 4 MiB", answers(200, { data: [{ id: "m", padding: "x".repeat(5 * 2 ** 20) }] })],
    ["names that are no names", list("", " m", "a\nb", "a\u001b[2Jb", "a\u202eb", 7, null, "x".repeat(201))],
  ])("leaves out a server that answers %s", async (_, reply) => {
    await using server = await modelServer(reply);
    expect(await findServers(signal(), [at(server)])).toEqual([]);
  });

  test("lists at most 200 models of a server", async () => {
    await using server = await modelServer(list(...Array.from({ length: 1000 }, (_, index) => `m${index}`)));
    expect(await findServers(signal(), [at(server, "Ollama", false)])).toHaveLength(200);
  });

  test("finds nothing where nothing listens or the search was cancelled", async () => {
    await using server = await modelServer(list("m"));
    expect(await findServers(AbortSignal.abort(), [at(server)])).toEqual([]);
    expect(await findServers(signal(), [{ name: "none", port: 9, continuesText: false }])).toEqual([]);
  });
});

describe("testing a policy", () => {
  test("says what came back to one short request", async () => {
    await using server = await modelServer(streams(chatEvents([{ content: "Ready" }, { content: "\u001b[1m!\n" }])));
    const result = await testPolicy(() => openPolicy(`openai-chat:m@${server.url}`), signal());
    expect(result).toEqual({ ok: true, message: `m at 127.0.0.1:${server.port} answered: Ready [1m!` });
    expect(server.requests[0]?.body).toMatchObject({
      messages: [{ role: "user", content: "Reply with the word ready." }],
      max_tokens: 64,
    });
    expect(server.requests[0]?.body).not.toHaveProperty("stop");
  });

  test("counts reasoning as an answer, and silence not", async () => {
    await using server = await modelServer(
      streams(chatEvents([{ reasoning_content: "The user wants" }], { finish_reason: "length" })),
      streams(chatEvents([])),
    );
    const open = () => openPolicy(`openai-chat:m@${server.url}`);
    expect(await testPolicy(open, signal())).toMatchObject({
      ok: true,
      message: expect.stringContaining("The user wants"),
    });
    expect(await testPolicy(open, signal())).toMatchObject({
      ok: false,
      message: expect.stringContaining("without any text"),
    });
  });

  test("gives the failure's own sentence", async () => {
    await using server = await modelServer(answers(401, "no"));
    const result = await testPolicy(
      () => openPolicy(`openai-chat:m@${server.url}`, { key: async () => "wrong" }),
      signal(),
    );
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining("refused the key (401)") });
    expect(await testPolicy(() => openPolicy("nothing"), signal())).toMatchObject({
      ok: false,
      message: expect.stringContaining('no policy "nothing"'),
    });
  });

  test("does not hide a bug", async () => {
    await expect(testPolicy(() => Promise.reject(new TypeError("bug")), signal())).rejects.toThrow("bug");
    await expect(testPolicy(() => Promise.reject(new PolicyError("refused", "No.")), signal())).resolves.toEqual({
      ok: false,
      message: "No.",
    });
  });
});
