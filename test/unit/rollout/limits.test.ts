import { describe, expect, test } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import { Trajectory } from "../../../protocol/trajectory.ts";
import type { Policy, PolicyChunk, PolicyTurn } from "../../../server/models/policy.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import type { TextTokenizer } from "../../../server/models/tokenizer.ts";
import type { RetrievalErrorKind, Retriever, SearchOutcome } from "../../../server/retrieval/retriever.ts";
import type { Profile } from "../../../server/rollout/profile.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { type RolloutRequest, runRollout } from "../../../server/rollout/rollout.ts";
import { runRollouts } from "../../../server/rollout/scheduler.ts";
import { functionRetriever, hitsOf, remotePassage } from "../../fixtures/retriever.ts";

const { tags } = r1Searcher;
const signal = new AbortController().signal;
const never = new Promise<never>(() => {});
const limited = (limits: Partial<Profile["limits"]>): Profile => ({
  ...r1Searcher,
  limits: { ...r1Searcher.limits, ...limits },
});
const asking = { text: `I look. ${tags.queryOpen}dome`, finish: { reason: "stop" as const, stop: tags.queryClose } };
const documents = functionRetriever(() => [remotePassage("a document")]);

async function run(request: Partial<RolloutRequest>): Promise<Trajectory> {
  const whole = {
    id: "01TEST",
    question: "Which dome?",
    profile: r1Searcher,
    policy: scriptedPolicy([]),
    retriever: documents,
    ...request,
  };
  const alone = await runRollout(whole, { signal, onEvent: () => {} });
  expect(partitionFault(alone.segments, alone.text.length)).toBeUndefined();
  return alone;
}

/** One id a character. */
const characters: TextTokenizer = {
  id: "characters",
  encode: (text) => Array.from(text, (char) => char.charCodeAt(0)),
  encodePrompt: (text) => Array.from(text, (char) => char.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
};

function sampling(chunks: readonly PolicyChunk[], asked: PolicyTurn[] = []): Policy {
  return {
    ref: { id: "tinker:test", kind: "tinker", label: "Sampler" },
    form: "tokens",
    tokenizer: characters,
    async *generate(turn) {
      asked.push(turn);
      yield* chunks;
      return { reason: "length" };
    },
  };
}

const chunk = (text: string): PolicyChunk => ({
  text: "",
  ids: characters.encode(text),
  logprobs: Array.from(text, () => -1),
});

describe("a rollout whose text is too long", () => {
  test("is not begun for a question of ten megabytes, and says so", async () => {
    const question = "why ".repeat(2_500_000);
    const asked: PolicyTurn[] = [];
    const trajectory = await run({ question, policy: sampling([], asked) });
    expect(trajectory.stop).toMatchObject({
      reason: "token-limit",
      detail: expect.stringMatching(/profile allows 200000\. Ask a shorter one\.$/) as string,
    });
    expect(asked).toEqual([]);
    expect(trajectory.question).toBe(question);
    expect(Trajectory.safeParse(trajectory).success).toBe(true);
  });

  test("ends in the middle of a stretch that does not end by itself, and closes the stream", async () => {
    let closed = false;
    const endless: Policy = {
      ...scriptedPolicy([]),
      async *generate() {
        try {
          for (;;) yield { text: "and so on ".repeat(100) };
        } finally {
          closed = true;
        }
      },
    };
    const trajectory = await run({ policy: endless, profile: limited({ characters: 5000 }) });
    expect(trajectory.stop?.reason).toBe("token-limit");
    expect(trajectory.text.length).toBeLessThanOrEqual(6000);
    expect(closed).toBe(true);
  });
});

describe("a budget of tokens", () => {
  test("is handed to the policy as it shrinks, and ends the rollout when it is used up", async () => {
    const asked: PolicyTurn[] = [];
    const wordy: Policy = {
      ...scriptedPolicy([]),
      async *generate(turn) {
        asked.push(turn);
        yield { text: asking.text };
        return { ...asking.finish, policyTokens: 40 };
      },
    };
    const trajectory = await run({ policy: wordy, profile: limited({ tokens: 100 }) });
    expect(asked.map((turn) => turn.sampling.maxSegmentTokens)).toEqual([100, 60, 20]);
    expect(trajectory.stop).toEqual({
      reason: "token-limit",
      detail: "The 100 tokens that the profile allows the policy are used up.",
    });
    expect(trajectory.usage).toMatchObject({ policyTokens: 120, searches: 3 });
  });

  test("holds sampled ids, also of an engine that goes on regardless", async () => {
    const trajectory = await run({
      policy: sampling([chunk("12345"), chunk("67890"), chunk("abcde")]),
      profile: limited({ tokens: 7 }),
    });
    expect(trajectory.stop?.reason).toBe("token-limit");
    expect(trajectory.text.endsWith("<think>1234567890")).toBe(true);
  });

  test("counts prompt, policy and environment of a policy of ids", async () => {
    const policy = sampling([chunk(`ab ${tags.queryOpen}q${tags.queryClose}`)]);
    const stopping: Policy = { ...policy, generate: (turn, stop) => ending(policy.generate(turn, stop)) };
    const { usage, tokens, segments } = await run({ policy: stopping, profile: limited({ turns: 2 }) });
    const inserted = segments
      .filter(({ origin }) => origin === "environment")
      .reduce((sum, { start, end }) => sum + end - start, 0);
    expect(usage).toMatchObject({ promptTokens: segments[0]!.end, environmentTokens: inserted });
    expect(usage.promptTokens! + usage.policyTokens! + usage.environmentTokens!).toBe(tokens!.ids.length);
  });
});

async function* ending(stream: ReturnType<Policy["generate"]>): ReturnType<Policy["generate"]> {
  for (let step = await stream.next(); !step.done; step = await stream.next()) yield step.value;
  return { reason: "stop", stop: tags.queryClose };
}

describe("a policy that fails", () => {
  test("by falling silent is left when the time is up, and what it wrote stays", async () => {
    const silent: Policy = {
      ...scriptedPolicy([]),
      async *generate() {
        yield { text: "I think" };
        await never;
        return { reason: "end" };
      },
    };
    const profile = limited({ seconds: 0.05 });
    const trajectory = await run({ policy: silent, profile });
    expect(trajectory.stop).toEqual({ reason: "time-limit", detail: "The rollout took longer than 0.05 seconds." });
    expect(trajectory.text.endsWith("I think")).toBe(true);
    const request = { question: "Q?", profile, retriever: documents };
    const group = [
      { ...request, id: "a", policy: silent },
      {
        ...request,
        id: "b",
        policy: scriptedPolicy([{ text: "</think><answer>x</answer>", finish: { reason: "end" } }]),
      },
    ];
    expect((await runRollouts(group, { concurrency: 2, signal })).map(({ stop }) => stop?.reason)).toEqual([
      "time-limit",
      "finished",
    ]);
  });

  test.each([
    ["a log-probability that is not a number", [NaN, -1], "no finite number"],
    ["a log-probability without bound", [-1, -Infinity], "no finite number"],
    ["fewer log-probabilities than tokens", [-1], "1 log-probabilities for 2 tokens"],
  ])("by %s is told from its good tokens, which stay", async (_, logprobs, said) => {
    const trajectory = await run({ policy: sampling([chunk("good"), { text: "", ids: [104, 105], logprobs }]) });
    expect(trajectory.stop).toMatchObject({ reason: "policy-error", detail: expect.stringContaining(said) as string });
    expect(trajectory.text.endsWith("<think>good")).toBe(true);
    expect(Trajectory.parse(JSON.parse(JSON.stringify(trajectory))).tokens).toEqual(trajectory.tokens);
  });

  test("by ids that are none is told", async () => {
    for (const ids of [[-1], [1.5], [NaN]]) {
      const trajectory = await run({ policy: sampling([{ text: "", ids }]) });
      expect(trajectory.stop).toMatchObject({
        reason: "policy-error",
        detail: expect.stringContaining("token id") as string,
      });
    }
  });
});

describe("a search that fails", () => {
  const told = `\n\n${tags.documentsOpen}\nThe search does not work.\n${tags.documentsClose}\n\n`;
  const profile: Profile = { ...r1Searcher, retrievalFailed: told };
  const failing = (kind: RetrievalErrorKind) =>
    functionRetriever(() => ({ ok: false, error: { kind, message: `Secret of the server: ${kind}.` } }));
  const script = () => scriptedPolicy([asking, { text: "</think><answer>x</answer>", finish: { reason: "end" } }]);

  test.each(["unavailable", "timeout", "bad-response"] as const)(
    "with %s goes on where the profile says so, and its message is recorded, not inserted",
    async (kind) => {
      const trajectory = await run({ profile, policy: script(), retriever: failing(kind) });
      expect(trajectory.stop).toEqual({ reason: "finished" });
      const inserted = trajectory.segments.filter(({ origin }) => origin === "environment");
      expect(inserted.map(({ start, end }) => trajectory.text.slice(start, end))).toEqual([told]);
      expect(trajectory.text).not.toContain("Secret");
      expect(trajectory.searches[0]).toMatchObject({
        error: `Secret of the server: ${kind}.`,
        insertedHits: 0,
        insertedStart: inserted[0]!.start,
        insertedEnd: inserted[0]!.end,
      });
      expect(trajectory.notices[0]).toContain("A search failed");
    },
  );

  test.each(["limit", "not-recorded"] as const)("with %s ends whatever the profile says", async (kind) => {
    const { stop } = await run({ profile, policy: script(), retriever: failing(kind) });
    expect(stop).toEqual({ reason: "retrieval-error", detail: `Secret of the server: ${kind}.` });
  });
});

describe("a retriever that does not keep its promise", () => {
  const giving = (outcomes: SearchOutcome[] | Promise<never>): Retriever => ({
    ...documents,
    search: () => Promise.resolve(outcomes),
  });
  const group = (retriever: Retriever, profile = r1Searcher) =>
    runRollouts(
      [0, 1].map((at) => ({
        id: `r${at}`,
        question: "Q?",
        profile,
        policy: scriptedPolicy([{ ...asking, text: `${asking.text}${at}` }]),
        retriever,
      })),
      { concurrency: 2, signal },
    );

  test("by answering fewer queries than it was asked ends the rollouts that it left out", async () => {
    const reasons = (
      await group(giving([{ ok: true, hits: hitsOf([remotePassage("d")]), seconds: 0, cached: false }]))
    ).map(({ stop }) => stop?.reason);
    expect(reasons).toEqual(["no-answer", "retrieval-error"]);
    const alone = await run({ policy: scriptedPolicy([asking]), retriever: giving([]) });
    expect(alone.stop).toMatchObject({
      reason: "retrieval-error",
      detail: expect.stringContaining("fewer queries") as string,
    });
    expect(alone.segments.some(({ origin }) => origin === "environment")).toBe(false);
  });

  test("by finding fewer passages than asked, or none, has what it found inserted", async () => {
    for (const [hits, inserted] of [
      [hitsOf([remotePassage("d")]), "(1)d\n"],
      [[], "None"],
    ] as const) {
      const { text, searches } = await run({
        policy: scriptedPolicy([asking]),
        retriever: giving([{ ok: true, hits: [...hits], seconds: 0, cached: false }]),
      });
      expect(text).toContain(`${tags.documentsOpen}\n${inserted}${tags.documentsClose}`);
      expect(searches[0]!.insertedHits).toBe(hits.length);
    }
  });

  test("by falling silent is left after any time, whole milliseconds or not", async () => {
    for (const seconds of [0.0305, 1 / 64]) {
      const { stop } = await run({
        policy: scriptedPolicy([asking]),
        retriever: giving(never),
        profile: limited({ seconds }),
      });
      expect(stop?.reason).toBe("time-limit");
    }
    const long = await run({ policy: scriptedPolicy([asking]), profile: limited({ seconds: Number.MAX_VALUE }) });
    expect(long.stop?.reason).toBe("no-answer");
  });

  test("by falling silent is left when the time is up", async () => {
    const profile = limited({ seconds: 0.05 });
    const alone = await run({ policy: scriptedPolicy([asking]), retriever: giving(never), profile });
    expect(alone.stop?.reason).toBe("time-limit");
    expect(alone.text.endsWith(`dome${tags.queryClose}`)).toBe(true);
    expect((await group(giving(never), profile)).map(({ stop }) => stop?.reason)).toEqual(["time-limit", "time-limit"]);
  });
});
