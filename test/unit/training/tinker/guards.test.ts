import { describe, expect, it } from "vitest";
import type {
  EngineCapabilities,
  EngineLoss,
  SampleRequest,
  TrainingSequence,
} from "../../../../server/training/engine.ts";
import { checkSampling } from "../../../../server/training/tinker/check-sampling.ts";
import { checkTraining } from "../../../../server/training/tinker/check-training.ts";

const capabilities = { vocabulary: 100, contextLength: 8 } as EngineCapabilities;

const invalid = (message: RegExp) =>
  expect.objectContaining({
    name: "EngineError",
    kind: "invalid",
    message: expect.stringMatching(message) as string,
  }) as Error;

describe("sampling is refused before it is sent", () => {
  const good: SampleRequest = { prompt: [1, 2], maxTokens: 6, temperature: 1, seed: 2 ** 31 - 1, stopIds: [2, 99] };

  it("but not where all is right", () => {
    expect(() => checkSampling([good, { ...good, temperature: 0, topP: 1, seed: 0 }], capabilities)).not.toThrow();
    expect(() => checkSampling([], capabilities)).not.toThrow();
  });

  it.each<[string, Partial<SampleRequest>, RegExp]>([
    ["no prompt", { prompt: [] }, /^Request 1 has no prompt; give/],
    ["no token asked for", { maxTokens: 0 }, /^Request 1 asks for 0 tokens; ask for at least 1\.$/],
    ["half a token asked for", { maxTokens: 1.5 }, /asks for 1\.5 tokens/],
    ["an id beyond the vocabulary", { prompt: [100] }, /holds the token id 100, but the vocabulary has 100/],
    ["a negative id", { prompt: [1, -1] }, /holds the token id -1/],
    ["an id that is no whole number", { prompt: [1.5] }, /holds the token id 1\.5/],
    ["a stop beyond the vocabulary", { stopIds: [100] }, /Request 1's stops holds the token id 100/],
    [
      "more than the model reads",
      { prompt: [1, 2, 3] },
      /has 3 tokens and asks for 6 more, but the model reads 8; shorten it/,
    ],
    [
      "a seed beyond int32",
      { seed: 2 ** 31 },
      /has the seed 2147483648; a seed is a whole number from 0 to 2147483647/,
    ],
    ["a negative seed", { seed: -1 }, /has the seed -1/],
    ["a seed that is no number", { seed: Number.NaN }, /has the seed NaN/],
    ["a negative temperature", { temperature: -1 }, /has the temperature -1/],
    ["a temperature that is no number", { temperature: Number.NaN }, /has the temperature NaN/],
    ["top-p of nothing", { topP: 0 }, /has top-p 0/],
    ["an empty stop string", { stopStrings: [""] }, /has an empty stop string/],
  ])("with %s", (_, change, message) => {
    expect(() => checkSampling([good, { ...good, ...change }], capabilities)).toThrow(invalid(message));
  });
});

describe("training is refused before it is sent", () => {
  const good: TrainingSequence = {
    ids: [1, 2, 3],
    weights: [0, 0, 1],
    advantages: [0, 0, -2],
    logprobs: [0, 0, -80],
  };
  const ppo: EngineLoss = { kind: "ppo", low: 0.2, high: 0.2 };

  it("but not where all is right, or what is wrong is masked", () => {
    expect(() => checkTraining([good], ppo, capabilities)).not.toThrow();
    expect(() =>
      checkTraining(
        [{ ...good, logprobs: [Number.NaN, -100, -1], advantages: [Number.NaN, Number.NaN, 1] }],
        ppo,
        capabilities,
      ),
    ).not.toThrow();
    expect(() =>
      checkTraining([{ ids: [1, 2], weights: [0, 1] }], { kind: "cross-entropy" }, capabilities),
    ).not.toThrow();
    expect(() => checkTraining([{ ...good, weights: [0, 0, 0], padding: true }], ppo, capabilities)).not.toThrow();
    expect(() => checkTraining([{ ids: [1, 2], weights: [0, 0] }], undefined, capabilities)).not.toThrow();
  });

  it("where there is no sequence", () => {
    expect(() => checkTraining([], ppo, capabilities)).toThrow(invalid(/never answers an empty batch/));
    expect(() => checkTraining([], undefined, capabilities)).toThrow(invalid(/never answers an empty batch/));
  });

  it.each<[string, Partial<TrainingSequence>, RegExp]>([
    ["one token", { ids: [1], weights: [1], advantages: [0], logprobs: [0] }, /^Sequence 1 has 1 tokens; at least 2/],
    [
      "more than the model reads",
      { ids: Array(9).fill(1), weights: Array(9).fill(1) },
      /has 9 tokens, but the model reads 8/,
    ],
    ["an id beyond the vocabulary", { ids: [1, 2, 100] }, /holds the token id 100, but the vocabulary has 100/],
    ["fewer weights than tokens", { weights: [0, 1] }, /has 2 weights for 3 tokens; give one per token/],
    ["more advantages than tokens", { advantages: [0, 0, 1, 1] }, /has 4 advantages for 3 tokens/],
    ["fewer old log-probs than tokens", { logprobs: [0, -1] }, /has 2 old log-probs for 3 tokens/],
    ["a negative weight", { weights: [0, 0, -1] }, /has the weight -1 at token 2; .* signs go into advantages/],
    ["a weight that is no number", { weights: [0, Number.NaN, 1] }, /has the weight NaN at token 1/],
    ["a weight without end", { weights: [0, 0, Infinity] }, /has the weight Infinity at token 2/],
    ["nothing to train", { weights: [0, 0, 0] }, /has no token that is trained on, .*; drop it, or mark it as padding/],
    ["only its first token to train", { weights: [1, 0, 0] }, /has no token that is trained on/],
    ["an old log-prob that is no number", { logprobs: [0, 0, Number.NaN] }, /has the old log-prob NaN at token 2/],
    ["an old log-prob below -80", { logprobs: [0, 0, -80.5] }, /has the old log-prob -80\.5 at token 2/],
    ["an old log-prob above 0", { logprobs: [0, 0, 0.5] }, /has the old log-prob 0\.5 at token 2/],
    ["an advantage that is no number", { advantages: [0, 0, Number.NaN] }, /has the advantage NaN at token 2/],
  ])("with %s", (_, change, message) => {
    expect(() => checkTraining([good, { ...good, ...change }], ppo, capabilities)).toThrow(invalid(message));
  });

  it("without the arrays that the loss needs", () => {
    const { advantages: _, ...without } = good;
    expect(() => checkTraining([without], ppo, capabilities)).toThrow(invalid(/has no advantages; only cross-entropy/));
    const { logprobs: __, ...blind } = good;
    expect(() => checkTraining([blind], ppo, capabilities)).toThrow(invalid(/has no old log-probs/));
  });
});
