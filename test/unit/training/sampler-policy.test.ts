import { describe, expect, it } from "vitest";
import {
  EngineError,
  type SampledSequence,
  type Sampler,
  type SampleRequest,
} from "../../../server/training/engine.ts";
import { type Policy, type PolicyFinish, type PolicyTurn } from "../../../server/models/policy.ts";
import type { TextTokenizer } from "../../../server/models/tokenizer.ts";
import { mixedSeed, samplerPolicy } from "../../../server/training/sampler-policy.ts";
import { turnOf } from "../../fixtures/policy-turn.ts";

/** Two characters of a text are one token, except that tags are single ones. */
const tags = ["<|end_of_query|>", "</answer>"];
const pieces = [...tags, "<|im_end|>", "ab", "cd", "</", "qu", "er", "y>!", "y>", "x>", "  "];
const tokenizer: TextTokenizer = {
  id: "pieces",
  encode: (text) => tokenizer.encodePrompt(text),
  encodePrompt(text) {
    const ids: number[] = [];
    for (let at = 0; at < text.length;) {
      const id = pieces.findIndex((piece) => text.startsWith(piece, at));
      if (id < 0) throw new Error(`no piece at ${text.slice(at)}`);
      ids.push(id);
      at += pieces[id]!.length;
    }
    return ids;
  },
  decode: (ids) => ids.map((id) => pieces[id]).join(""),
};
const end = pieces.indexOf("<|im_end|>");

/** Answers every request with the ids of a text, up to its limit, and remembers the calls. */
function scripted(text: (request: SampleRequest) => string): Sampler & { calls: SampleRequest[][] } {
  const calls: SampleRequest[][] = [];
  return {
    calls,
    async sample(requests) {
      calls.push([...requests]);
      return requests.map((request): SampledSequence => {
        const ids = tokenizer.encodePrompt(text(request)).slice(0, request.maxTokens);
        const full = ids.length === request.maxTokens;
        return { ids, logprobs: ids.map((_, at) => -(at + 1) / 8), reason: full ? "length" : "stop" };
      });
    },
    logprobs: () => Promise.reject(new Error("not asked")),
  };
}

const never = new AbortController().signal;

function policyOf(sampler: Sampler, contextLength = 100): Policy {
  return samplerPolicy({
    sampler,
    tokenizer,
    endIds: [end],
    contextLength,
    ref: { id: "tinker:test", kind: "tinker", label: "Test" },
    signal: never,
  });
}

const base = turnOf("r1-searcher");
function turn(change: Partial<PolicyTurn> = {}, ids: readonly number[] | null = [3, 4]): PolicyTurn {
  const { ids: _, ...transcript } = base.transcript;
  return {
    ...base,
    stops: tags,
    sampling: { temperature: 1, topP: 1, maxSegmentTokens: 20, seed: 11 } as PolicyTurn["sampling"],
    transcript: ids ? { ...transcript, ids } : transcript,
    ...change,
  };
}

async function written(
  policy: Policy,
  asked: PolicyTurn,
): Promise<{ ids: number[]; logprobs: number[]; finish: PolicyFinish }> {
  const stream = policy.generate(asked, never);
  const ids: number[] = [];
  const logprobs: number[] = [];
  for (;;) {
    const step = await stream.next();
    if (step.done) return { ids, logprobs, finish: step.value };
    ids.push(...step.value.ids!);
    logprobs.push(...step.value.logprobs!);
  }
}

describe("a policy that samples from an engine", () => {
  it("sends what is asked for together as one call, and later stretches as another", async () => {
    const sampler = scripted(({ seed }) => "ab".repeat((seed % 3) + 1) + "<|end_of_query|>");
    const policy = policyOf(sampler);
    const asked = [1, 2, 3, 4, 5].map((seed) => turn({ sampling: { ...turn().sampling, seed } }));
    const together = await Promise.all(asked.map((each) => written(policy, each)));
    expect(sampler.calls.map(({ length }) => length)).toEqual([5]);
    await written(policy, turn());
    expect(sampler.calls.map(({ length }) => length)).toEqual([5, 1]);
    // What comes out of a stretch depends on it alone: asked for by itself, it is the same.
    const alone = [];
    for (const each of asked) alone.push(await written(policy, each));
    expect(alone).toEqual(together);
    expect(new Set(together.map(({ ids }) => ids.length)).size).toBeGreaterThan(1);
  });

  it("asks for the profile's limits, and with stops that are one token as ids beside the model's own ends", async () => {
    const sampler = scripted(() => "ab");
    const sampling = { temperature: 0.7, topP: 0.9, maxSegmentTokens: 5, seed: 3 } as PolicyTurn["sampling"];
    await written(policyOf(sampler), turn({ sampling, stops: [...tags, "</query>"] }));
    expect(sampler.calls[0]![0]).toMatchObject({
      prompt: [3, 4],
      maxTokens: 5,
      temperature: 0.7,
      topP: 0.9,
      stopIds: [0, 1, end],
      stopStrings: ["</query>"],
    });
    await written(policyOf(sampler), turn());
    expect(sampler.calls[1]![0]).not.toHaveProperty("stopStrings");
  });

  it("ends at a stop that is one token, with it in the ids and named", async () => {
    const { ids, logprobs, finish } = await written(policyOf(scripted(() => "abcd</answer>ab")), turn());
    expect(ids).toEqual(tokenizer.encodePrompt("abcd</answer>"));
    expect(logprobs).toEqual([-1 / 8, -2 / 8, -3 / 8]);
    expect(finish).toEqual({ reason: "stop", stop: "</answer>", promptTokens: 2, policyTokens: 3 });
  });

  it("cuts at the token that completes a stop of several tokens, log-probs with it, also where an engine went on", async () => {
    const { ids, logprobs, finish } = await written(
      policyOf(scripted(() => "ab</querx></query>!abcd")),
      turn({ stops: ["</query>"] }),
    );
    expect(tokenizer.decode(ids)).toBe("ab</querx></query>!");
    expect(logprobs).toEqual(ids.map((_, at) => -(at + 1) / 8));
    expect(finish).toMatchObject({ reason: "stop", stop: "</query>", policyTokens: ids.length });
  });

  it("tells the model's own end from a limit", async () => {
    const ended = await written(policyOf(scripted(() => "ab<|im_end|>cd")), turn());
    expect(ended.ids).toEqual([3, end]);
    expect(ended.finish).toMatchObject({ reason: "end" });
    const cut = await written(policyOf(scripted(() => "ab".repeat(50))), turn());
    expect(cut.ids).toHaveLength(20);
    expect(cut.finish).toMatchObject({ reason: "length", policyTokens: 20 });
  });

  it("takes another seed for each rollout and for each turn of it, and the same again for the same", async () => {
    const sampler = scripted(() => "ab");
    const policy = policyOf(sampler);
    const segment = base.transcript.segments[0]!;
    const at = (turnNumber: number, seed: number): PolicyTurn => {
      const segments = turnNumber === 0 ? [segment] : [segment, { ...segment, turn: turnNumber - 1 }];
      const asked = turn({ sampling: { ...turn().sampling, seed } });
      return { ...asked, transcript: { ...asked.transcript, segments } };
    };
    for (let seed = 0; seed < 20; seed++) for (let each = 0; each < 6; each++) await written(policy, at(each, seed));
    const seeds = sampler.calls.map(([request]) => request!.seed);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true);
    await written(policy, at(3, 7));
    expect(sampler.calls.at(-1)![0]!.seed).toBe(seeds[7 * 6 + 3]);
  });

  it("never asks for more than the model reads, and says when nothing fits", async () => {
    const sampler = scripted(() => "ab".repeat(90));
    await written(policyOf(sampler, 10), turn());
    expect(sampler.calls[0]![0]!.maxTokens).toBe(8);
    const full = policyOf(sampler, 2);
    await expect(written(full, turn())).rejects.toMatchObject({ name: "PolicyError", kind: "too-long" });
    expect(sampler.calls).toHaveLength(1);
  });

  it("refuses a transcript without ids", async () => {
    await expect(written(policyOf(scripted(() => "ab")), turn({}, null))).rejects.toMatchObject({
      kind: "bad-response",
    });
  });

  it("lets the engine's failure reach every stretch of the call, and goes on with the next", async () => {
    let fails = true;
    const good = scripted(() => "ab");
    const policy = policyOf({
      ...good,
      sample: (requests, signal) =>
        fails ? Promise.reject(new EngineError("lost", "The engine is gone.")) : good.sample(requests, signal),
    });
    const both = await Promise.allSettled([written(policy, turn()), written(policy, turn())]);
    for (const each of both)
      expect(each).toMatchObject({ status: "rejected", reason: { name: "EngineError", kind: "lost" } });
    fails = false;
    expect((await written(policy, turn())).ids).toEqual([3]);
  });
});

describe("mixed seeds", () => {
  it("depend on every number and on their order", () => {
    const seeds = new Set<number>();
    for (let a = -1; a < 30; a++) for (let b = 0; b < 30; b++) seeds.add(mixedSeed(42, a, b));
    expect(seeds.size).toBe(31 * 30);
    expect(mixedSeed(1, 2)).not.toBe(mixedSeed(2, 1));
  });
});
