import { describe, expect, test } from "vitest";
import { openPolicy } from "../../../server/models/policy-id.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { fillPrompt } from "../../../server/rollout/prompt.ts";
import {
  answers,
  chatEvents,
  echoesPrompt,
  modelServer,
  streams,
  streamsBytes,
  textEvents,
  usageEvent,
} from "../../fixtures/model-server.ts";
import { profileOf, stretchOf, turnOf } from "../../fixtures/policy-turn.ts";
import { functionRetriever } from "../../fixtures/retriever.ts";

const done = streams(textEvents(["ready"]));

describe("completions", () => {
  test("stream text as it comes and end with the tokens used", async () => {
    await using server = await modelServer(streams([...textEvents(["One", " two", " three"]), usageEvent], 5));
    const policy = await openPolicy(`openai:m@${server.url}`);
    expect(await stretchOf(policy, turnOf("r1-searcher"))).toEqual({
      text: "One two three",
      chunks: ["One", " two", " three"],
      finish: { reason: "end", promptTokens: 21, policyTokens: 7 },
    });
    expect(policy).toMatchObject({
      form: "text",
      ref: { id: `openai:m@${server.url}`, kind: "openai", label: `m at 127.0.0.1:${server.port}` },
    });
  });

  test("carry the profile's stops and sampling, and nothing of the machine", async () => {
    await using server = await modelServer(done);
    await stretchOf(await openPolicy(`openai:some/model@1@${server.url}/v1/`), turnOf("r1-searcher"));
    const [request] = server.requests;
    expect(request?.path).toBe("/v1/completions");
    expect(request?.body).toEqual({
      model: "some/model@1",
      prompt: turnOf("r1-searcher").transcript.text,
      stream: true,
      stream_options: { include_usage: true },
      stop: ["<|end_of_query|>"],
      temperature: 1,
      top_p: 0.95,
      max_tokens: 512,
    });
    expect(Object.keys(request!.headers).filter((name) => /stainless|openai|authorization/.test(name))).toEqual([]);
  });

  test.each(["r1-searcher", "docs"])(
    "send the exact prompt of %s, and on the second turn all that was written and inserted",
    async (name) => {
      await using server = await modelServer(
        streams(textEvents(["I look it up. <|begin_of_query|>first", " dome "])),
        streams(textEvents(["So it is West.</think>\n\n<answer> West </answer>"])),
      );
      const profile = profileOf(name);
      const trajectory = await runRollout(
        {
          id: "01JAAAAAAAAAAAAAAAAAAAAAAA",
          question: "Which dome opens first?",
          profile,
          policy: await openPolicy(`openai:m@${server.url}`),
          retriever: functionRetriever(() => [
            { id: "1", title: "Domes", text: "West opens first.", place: undefined } as never,
          ]),
        },
        { signal: new AbortController().signal, onEvent: () => undefined },
      );
      expect(trajectory.stop?.reason).toBe("finished");
      const prompts = server.requests.map(({ body }) => body["prompt"] as string);
      const first = fillPrompt(profile, "Which dome opens first?").text;
      expect(prompts[0]).toBe(first);
      const inserted = trajectory.segments.find(({ origin }) => origin === "environment")!;
      const documents = trajectory.text.slice(inserted.start, inserted.end);
      expect(documents).toContain("West opens first.");
      expect(prompts[1]).toBe(`${first}I look it up. <|begin_of_query|>first dome<|end_of_query|>${documents}`);
      expect(prompts).toHaveLength(2);
    },
  );

  test("of a server that ignores stop strings are cut at the first and its connection is closed", async () => {
    const runsOn = streams(
      textEvents([
        "I look it up. <|begin_of_query|>dome<|end_of",
        "_query|> and on",
        ..."and on ".repeat(500).split(" "),
      ]),
      2,
    );
    await using server = await modelServer(runsOn, streams(textEvents(["</think><answer>West</answer>"])));
    const trajectory = await runRollout(
      {
        id: "01JAAAAAAAAAAAAAAAAAAAAAAD",
        question: "Which dome opens first?",
        profile: profileOf("docs"),
        policy: await openPolicy(`openai:m@${server.url}`),
        retriever: functionRetriever(() => []),
      },
      { signal: new AbortController().signal, onEvent: () => undefined },
    );
    expect(trajectory.searches.map(({ query }) => query)).toEqual(["dome"]);
    expect(trajectory.text).not.toContain("and on");
    expect(await server.requests[0]!.gone).toEqual({ complete: false });
  });

  test("give back an echoed prompt without a changed character", async () => {
    await using server = await modelServer(echoesPrompt);
    const turn = turnOf("docs");
    const { text } = await stretchOf(await openPolicy(`openai:m@${server.url}`), turn);
    expect(text).toBe(turn.transcript.text);
  });

  test.each([1, 2, 3, 7])("join characters and tags that the wire cut into pieces of %i bytes", async (size) => {
    const texts = ["Grüße 🔭 aus 東京, ", "<|begin_of_", "query|>Küppel 👩‍🚀"];
    await using server = await modelServer(streamsBytes(textEvents(texts), size));
    const { text, finish } = await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("r1-searcher"));
    expect(text).toBe(texts.join(""));
    expect(finish).toEqual({ reason: "stop", stop: "<|end_of_query|>" });
  });
});

describe("the end of a stretch", () => {
  const cases = [
    ["a token limit", ["a"], { finish_reason: "length" }, { reason: "length" }],
    [
      "a stop string that the server names",
      ["a"],
      { finish_reason: "stop", stop_reason: "</answer>" },
      { reason: "stop", stop: "</answer>" },
    ],
    ["a stop token that the server names", ["a"], { finish_reason: "stop", stop_reason: 151645 }, { reason: "end" }],
    ["an open query", ["<|begin_of_query|>x"], { finish_reason: "stop" }, { reason: "stop", stop: "<|end_of_query|>" }],
    ["an open answer", ["</think><answer>x"], { finish_reason: "stop" }, { reason: "stop", stop: "</answer>" }],
    ["a closed answer", ["<answer>x</answer>"], { finish_reason: "stop" }, { reason: "end" }],
    ["plain text", ["x"], { finish_reason: "stop" }, { reason: "end" }],
  ] as const;
  test.each(cases)("is read from %s", async (_, texts, finish, expected) => {
    await using server = await modelServer(streams(textEvents(texts, finish)));
    expect((await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("docs"))).finish).toEqual(expected);
  });

  test("by an answer tag that is no stop string of the profile is the model's own end", async () => {
    await using server = await modelServer(streams(textEvents(["</think><answer>x"])));
    expect((await stretchOf(await openPolicy(`openai:m@${server.url}`), turnOf("r1-searcher"))).finish).toEqual({
      reason: "end",
    });
  });
});

describe("chat", () => {
  test("sends the profile's messages and no prompt", async () => {
    await using server = await modelServer(
      streams(chatEvents([{ role: "assistant", content: "" }, { content: "ready" }])),
    );
    const turn = turnOf("docs");
    const { text } = await stretchOf(await openPolicy(`openai-chat:m@${server.url}`), turn);
    expect(text).toBe("ready");
    expect(server.requests[0]?.path).toBe("/v1/chat/completions");
    expect(server.requests[0]?.body).toMatchObject({ messages: turn.messages, stream: true });
    expect(server.requests[0]?.body).not.toHaveProperty("prompt");
  });

  test("drops a think tag that the prompt already ended with, however it is cut", async () => {
    const pieces = ["\n", "<th", "ink", ">\nI look it up."].map((content) => ({ content }));
    await using server = await modelServer(streams(chatEvents(pieces)));
    expect((await stretchOf(await openPolicy(`openai-chat:m@${server.url}`), turnOf("docs"))).text).toBe(
      "\nI look it up.",
    );
  });

  test("keeps a beginning that only looks like the think tag", async () => {
    await using server = await modelServer(
      streams(chatEvents([{ content: "<th" }, { content: "e end>" }])),
      streams(chatEvents([{ content: " <thin" }])),
    );
    const policy = await openPolicy(`openai-chat:m@${server.url}`);
    expect((await stretchOf(policy, turnOf("docs"))).text).toBe("<the end>");
    expect((await stretchOf(policy, turnOf("docs"))).text).toBe(" <thin");
  });

  test.each(["reasoning_content", "reasoning"])("joins %s to the transcript between the think tags", async (field) => {
    const deltas = [{ [field]: "I look" }, { [field]: " it up." }, { content: "\n\n<answer>" }, { content: "West" }];
    await using server = await modelServer(streams(chatEvents(deltas)));
    const policy = await openPolicy(`openai-chat:m@${server.url}`);
    // The docs profile's prompt has opened the thinking; Search-R1's has not.
    expect((await stretchOf(policy, turnOf("docs"))).text).toBe("I look it up.</think>\n\n<answer>West");
    expect((await stretchOf(policy, turnOf("search-r1"))).text).toBe("<think>I look it up.</think>\n\n<answer>West");
  });

  test("leaves thinking open that ends in a query, and does not open it twice", async () => {
    const reasons = (...texts: string[]) =>
      streams(chatEvents(texts.map((reasoning_content) => ({ reasoning_content }))));
    await using server = await modelServer(
      reasons("I look it up. <|begin_of_query|>first dome"),
      streams(chatEvents([{ reasoning_content: "West." }, { content: "<answer>West [1]" }])),
    );
    const trajectory = await runRollout(
      {
        id: "01JAAAAAAAAAAAAAAAAAAAAAAB",
        question: "Which dome opens first?",
        profile: profileOf("docs"),
        policy: await openPolicy(`openai-chat:m@${server.url}`),
        retriever: functionRetriever(() => []),
      },
      { signal: new AbortController().signal, onEvent: () => undefined },
    );
    const written = trajectory.segments
      .filter(({ origin }) => origin === "policy")
      .map(({ start, end }) => trajectory.text.slice(start, end));
    expect(written.join("")).toBe(
      "I look it up. <|begin_of_query|>first dome<|end_of_query|>West.</think><answer>West [1]</answer>",
    );
    expect(server.requests[1]?.body["messages"]).toMatchObject([
      { role: "system" },
      { role: "user" },
      { role: "assistant" },
      { role: "user" },
    ]);
  });
});

describe("a server that is not like OpenAI's", () => {
  test.each([404, 405])("with %i for completions is asked by chat, from then on at once", async (status) => {
    const chat = streams(chatEvents([{ content: "ready" }]));
    await using server = await modelServer(answers(status, { detail: "Not Found" }), chat);
    const policy = await openPolicy(`openai:m@${server.url}`);
    expect((await stretchOf(policy, turnOf("docs"))).text).toBe("ready");
    expect((await stretchOf(policy, turnOf("docs"))).text).toBe("ready");
    expect(server.requests.map(({ path }) => path)).toEqual([
      "/v1/completions",
      "/v1/chat/completions",
      "/v1/chat/completions",
    ]);
  });

  test.each([
    ["OpenAI's words", { error: { message: "Unrecognized request argument supplied: stream_options", param: null } }],
    ["a validator's words", { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] }],
    ["the field alone", { error: { message: "bad request", param: "stream_options" } }],
  ])("and refuses stream_options in %s is asked once more without, and then at once", async (_, body) => {
    await using server = await modelServer(answers(400, body), done);
    const policy = await openPolicy(`openai:m@${server.url}`);
    await stretchOf(policy, turnOf("docs"));
    await stretchOf(policy, turnOf("docs"));
    expect(server.requests.map(({ body: sent }) => "stream_options" in sent)).toEqual([true, false, false]);
  });

  test("and knows the token limit by its other name gets that one", async () => {
    const refusal =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    await using server = await modelServer(
      answers(400, { error: { message: refusal, param: "max_tokens" } }),
      streams(chatEvents([{ content: "ready" }])),
    );
    await stretchOf(await openPolicy(`openai-chat:m@${server.url}`), turnOf("docs"));
    expect(server.requests[1]?.body).toMatchObject({ max_completion_tokens: 1024 });
    expect(server.requests[1]?.body).not.toHaveProperty("max_tokens");
  });
});

test("a server on this machine is reached past a proxy from the settings", async () => {
  await using server = await modelServer(done);
  const policy = await openPolicy(`openai:m@${server.url}`, { proxy: "http://127.0.0.1:9" });
  expect((await stretchOf(policy, turnOf("docs"))).text).toBe("ready");
});
