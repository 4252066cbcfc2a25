import { expect, test } from "vitest";
import { openEmbedder } from "../../../server/models/open-embedder.ts";
import { answers, modelServer, type Reply } from "../../fixtures/model-server.ts";

const signal = new AbortController().signal;

/** A vector of each text's length and 1, last text first, as numbers or as base64. */
const vectors =
  (asBase64: boolean): Reply =>
  (response, request) => {
    const data = (request.body["input"] as string[]).map((text, index) => {
      const values = [text.length, 1];
      return { index, embedding: asBase64 ? Buffer.from(Float32Array.from(values).buffer).toString("base64") : values };
    });
    return answers(200, { data: data.toReversed() })(response, request);
  };

async function opened(spec: string, deps = {}) {
  const opening = await openEmbedder(spec, deps);
  if (!opening.ok) throw new Error(opening.reason);
  return opening.embedder;
}

test.each([true, false])(
  "an endpoint's vectors come in the order of the texts, of length one (base64: %s)",
  async (base64) => {
    await using server = await modelServer(vectors(base64));
    const embedder = await opened(`openai:small@${server.url}`);
    expect(embedder).toMatchObject({ id: `small@127.0.0.1:${server.port}`, dimension: 2 });
    const [first, second] = await embedder.embed(["abc", "abcdefgh"], "passage", signal);
    expect(first![0]! / first![1]!).toBeCloseTo(3, 4);
    expect(second![0]! / second![1]!).toBeCloseTo(8, 4);
    expect(Math.hypot(...first!)).toBeCloseTo(1, 5);
  },
);

test("the address is taken with or without /v1, and the key comes from where the editor keeps it", async () => {
  await using server = await modelServer(vectors(true));
  for (const address of [server.url, `${server.url}/v1/`]) {
    await opened(`openai:small@${address}`, { key: async () => "sk-kept" });
    const { path, headers } = server.requests.at(-1)!;
    expect(path).toBe("/v1/embeddings");
    expect(headers.authorization).toBe("Bearer sk-kept");
  }
});

test("a text that the endpoint refuses as too long is shortened until it fits; the others are whole", async () => {
  await using server = await modelServer((response, request) => {
    const long = (request.body["input"] as string[]).some((text) => text.length > 500);
    return (long ? answers(400, { error: { message: "too long" } }) : vectors(true))(response, request);
  });
  const embedder = await opened(`openai:small@${server.url}`);
  const [short, cut] = await embedder.embed(["abcd", "x".repeat(1600)], "passage", signal);
  expect(short![0]! / short![1]!).toBeCloseTo(4, 4);
  expect(cut![0]! / cut![1]!).toBeCloseTo(400, 0);
});

test.each([
  ["no list", { hello: 1 }, "no list of embeddings"],
  ["too few vectors", { data: [] }, "0 vectors for 2 texts"],
  ["empty vectors", { data: [{ embedding: [] }, { embedding: [] }] }, "empty vector"],
  ["vectors of two lengths", { data: [{ embedding: [1] }, { embedding: [1, 2] }] }, "of 1 and of 2 dimensions"],
  ["zeros", { data: [{ embedding: [0, 0] }, { embedding: [0, 0] }] }, "zeros"],
  ["one vector for everything", { data: [{ embedding: [1, 2] }, { embedding: [1, 2] }] }, "the same vector"],
])("an endpoint that answers %s is refused in one sentence", async (_what, body, sentence) => {
  await using server = await modelServer(answers(200, body));
  const opening = await openEmbedder(`openai:small@${server.url}`);
  expect(opening).toMatchObject({ ok: false, reason: expect.stringContaining(sentence) as string });
});

test("a refused key is said without the key", async () => {
  await using server = await modelServer(answers(401, { error: { message: "bad key sk-secret" } }));
  const opening = await openEmbedder(`openai:small@${server.url}`, { key: async () => "sk-secret" });
  expect(opening.ok).toBe(false);
  expect(JSON.stringify(opening)).toContain("401");
  expect(JSON.stringify(opening)).not.toContain("sk-secret");
});
