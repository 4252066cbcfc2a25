import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findServers, testPolicy } from "../../../server/models/discover.ts";
import { openPolicy } from "../../../server/models/policy-id.ts";
import type { PolicyTurn } from "../../../server/models/policy.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { profileOf, stretchOf, turnOf } from "../../fixtures/policy-turn.ts";
import { functionRetriever } from "../../fixtures/retriever.ts";
import { type SmallModel, startSmallModel } from "../../fixtures/small-model.ts";

// What the model says is not judged: it is small. How it is streamed, stopped, counted and cancelled is.
const name = "smollm2-135m-instruct-q4_1";
let model: SmallModel;
beforeAll(async () => {
  model = await startSmallModel();
});
afterAll(() => model[Symbol.asyncDispose]());

/** A turn that continues a text, greedily. */
function continuing(text: string, stops: string[], maxSegmentTokens: number): PolicyTurn {
  const turn = turnOf("docs");
  return {
    ...turn,
    transcript: { ...turn.transcript, text, segments: [] },
    messages: [{ role: "user", content: text }],
    stops,
    sampling: { temperature: 0, maxSegmentTokens },
  };
}

describe.each(["openai", "openai-chat"])("a real model by %s", (form) => {
  const open = () => openPolicy(`${form}:${name}@${model.url}`);

  test("streams in more than one chunk, holds to the token limit and counts tokens", async () => {
    const { chunks, finish } = await stretchOf(
      await open(),
      continuing("Once upon a time there was a lighthouse keeper who", [], 24),
    );
    expect(chunks.length).toBeGreaterThan(3);
    expect(finish).toMatchObject({ reason: "length", policyTokens: 24 });
    expect(finish.promptTokens).toBeGreaterThan(8);
  });

  test("is stopped by a stop string, which is not part of the text", async () => {
    const { text, finish } = await stretchOf(
      await open(),
      continuing("Count from one to twenty: one, two, three, four,", [",", "\n", "."], 60),
    );
    expect(text).not.toMatch(/[,\n.]/);
    expect(finish.reason).toBe("end");
    expect(finish.policyTokens).toBeLessThan(60);
  });

  test("stops writing when it is cancelled", async () => {
    const { cancelled } = await model.state();
    const controller = new AbortController();
    const stream = (await open()).generate(
      continuing("Write a very long story about the sea.\n", [], 1500),
      controller.signal,
    );
    await stream.next();
    controller.abort();
    await expect(stream.next()).rejects.toMatchObject({ kind: "cancelled" });
    await vi.waitFor(async () => expect((await model.state()).cancelled).toBe(cancelled + 1), {
      timeout: 30_000,
      interval: 50,
    });
    const { generatedTokens } = await model.state();
    expect((await stretchOf(await open(), continuing("One, two,", [], 2))).finish.policyTokens).toBe(2);
    expect((await model.state()).generatedTokens).toBe(generatedTokens + 2);
  });

  test("says that a text is too long for it", async () => {
    await expect(stretchOf(await open(), continuing("word ".repeat(4000), [], 8))).rejects.toMatchObject({
      kind: "too-long",
    });
  });

  test("runs a whole rollout: policy text and inserted documents partition the transcript", async () => {
    const profile = profileOf("docs");
    const trajectory = await runRollout(
      {
        id: "01JAAAAAAAAAAAAAAAAAAAAAAC",
        question: "Which dome opens first?",
        profile: { ...profile, sampling: { ...profile.sampling, temperature: 0, maxSegmentTokens: 48 } },
        policy: await open(),
        retriever: functionRetriever(() => []),
      },
      { signal: new AbortController().signal, onEvent: () => undefined },
    );
    expect(trajectory.status).toBe("done");
    expect(trajectory.stop?.reason).not.toBe("policy-error");
    expect(trajectory.usage.policyTokens).toBeGreaterThan(0);
    expect(trajectory.segments.map(({ start }) => start).slice(1)).toEqual(
      trajectory.segments.map(({ end }) => end).slice(0, -1),
    );
    expect(trajectory.segments.at(-1)?.end).toBe(trajectory.text.length);
  });
});

test("a real server is found and tested", async () => {
  const found = await findServers(new AbortController().signal, [
    { name: "llama.cpp", port: model.port, continuesText: true },
  ]);
  expect(found.map(({ policy }) => policy)).toEqual([
    `openai-chat:${name}@${model.url}/v1`,
    `openai:${name}@${model.url}/v1`,
  ]);
  const result = await testPolicy(() => openPolicy(found[0]!.policy), new AbortController().signal);
  expect(result).toMatchObject({ ok: true, message: expect.stringContaining("answered: ") });
});
