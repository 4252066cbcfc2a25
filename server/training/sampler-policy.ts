import { type Policy, PolicyError, type PolicyFinish, type PolicyTurn } from "../models/policy.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";
import type { PolicyRef } from "../../protocol/trajectory.ts";
import type { SampledSequence, Sampler, SampleRequest } from "./engine.ts";

export interface SamplerPolicyParts {
  sampler: Sampler;
  tokenizer: TextTokenizer;
  ref: PolicyRef;
  /** Ids that end a text by the model's own word. */
  endIds: readonly number[];
  /** Tokens that the model reads. */
  contextLength: number;
  /** Ends every call in progress. */
  signal: AbortSignal;
}

interface Waiting {
  request: SampleRequest;
  resolve(sequence: SampledSequence): void;
  reject(error: unknown): void;
}

/**
 * A policy that samples from an engine, token-in, token-out. Stretches that are asked for together, as a scheduler asks, go to the engine in
 * one call; a stretch's tokens depend on its own seed and transcript alone. Throws `PolicyError` "too-long" where nothing fits behind the
 * transcript, and lets `EngineError` pass: whoever runs many rollouts must not take an engine that is gone for a bad rollout.
 */
export function samplerPolicy(parts: SamplerPolicyParts): Policy {
  const { sampler, tokenizer, ref, endIds, contextLength, signal } = parts;
  let waiting: Waiting[] = [];
  let known: { of: readonly string[]; stops: Stops } | undefined;

  /** A policy is asked for stretch after stretch with the same stops. */
  function stopsFor(of: readonly string[]): Stops {
    if (known?.of !== of) known = { of, stops: stopsOf(of, tokenizer) };
    return known.stops;
  }

  function flush(): void {
    const batch = waiting;
    waiting = [];
    sampler
      .sample(
        batch.map(({ request }) => request),
        signal,
      )
      .then(
        (sequences) => batch.forEach(({ resolve }, at) => resolve(sequences[at]!)),
        (error: unknown) => batch.forEach(({ reject }) => reject(error)),
      );
  }

  function sample(request: SampleRequest): Promise<SampledSequence> {
    return new Promise((resolve, reject) => {
      // All rollouts of a turn ask in one go; what comes before the next turn of the event loop belongs together.
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ request, resolve, reject });
    });
  }

  return {
    ref,
    form: "tokens",
    tokenizer,
    async *generate(turn) {
      const prompt = turn.transcript.ids;
      if (!prompt)
        throw new PolicyError("bad-response", "An engine samples from token ids, and this transcript has none.");
      const room = contextLength - prompt.length;
      if (room < 1)
        throw new PolicyError("too-long", `The transcript fills the ${contextLength} tokens that the model reads.`);
      const stops = stopsFor(turn.stops);
      const { temperature = 1, topP, seed = 0, maxSegmentTokens = room } = turn.sampling;
      const sequence = await sample({
        // A transcript does not grow while its stretch is written.
        prompt,
        maxTokens: Math.min(room, maxSegmentTokens),
        temperature,
        ...(topP === undefined || topP === 1 ? {} : { topP }),
        seed: stretchSeed(seed, turn),
        stopIds: [...stops.ids.keys(), ...endIds],
        ...(stops.strings.length > 0 ? { stopStrings: stops.strings } : {}),
      });
      const { ids, finish } = cutAtStop(sequence, stops, endIds, tokenizer);
      yield { text: "", ids, logprobs: sequence.logprobs.slice(0, ids.length) };
      return { ...finish, promptTokens: prompt.length, policyTokens: ids.length };
    },
  };
}

interface Stops {
  /** Stop strings that are one token, by its id. */
  ids: ReadonlyMap<number, string>;
  strings: readonly string[];
}

function stopsOf(stops: readonly string[], tokenizer: TextTokenizer): Stops {
  const ids = new Map<number, string>();
  const strings: string[] = [];
  for (const stop of stops) {
    const encoded = tokenizer.encodePrompt(stop);
    if (encoded.length === 1) ids.set(encoded[0]!, stop);
    else strings.push(stop);
  }
  return { ids, strings };
}

/** A sampled stretch up to the token that completes its first stop. */
function cutAtStop(
  { ids, reason }: SampledSequence,
  stops: Stops,
  endIds: readonly number[],
  tokenizer: TextTokenizer,
): { ids: readonly number[]; finish: PolicyFinish } {
  // Most stretches end by an id; the search for the token that completes a string decodes at each of them.
  const written = stops.strings.length > 0 ? tokenizer.decode(ids) : "";
  const strings = stops.strings.filter((stop) => written.includes(stop));
  const longest = Math.max(...strings.map((string) => Buffer.byteLength(string)));
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    const whole = stops.ids.get(id);
    if (whole !== undefined) return { ids: ids.slice(0, at + 1), finish: { reason: "stop", stop: whole } };
    if (endIds.includes(id)) return { ids: ids.slice(0, at + 1), finish: { reason: "end" } };
    if (strings.length === 0) continue;
    // No stop string has more tokens than characters, so the last ones tell whether this token completes one.
    const tail = tokenizer.decode(ids.slice(Math.max(0, at - longest), at + 1));
    const stop = strings.find((string) => tail.includes(string));
    if (stop !== undefined) return { ids: ids.slice(0, at + 1), finish: { reason: "stop", stop } };
  }
  return { ids, finish: { reason: reason === "length" ? "length" : "end" } };
}

const seeds = 2 ** 31;

/** Another seed for each stretch of a rollout, below 2^31: one seed for all would repeat the draws of the first stretch. */
function stretchSeed(seed: number, { transcript }: PolicyTurn): number {
  const turn = (transcript.segments.at(-1)?.turn ?? 0) + (transcript.segments.length > 1 ? 1 : 0);
  return mixedSeed(seed, turn);
}

/** A number from 0 to 2^31 − 1 that depends on all of the given whole numbers (multiply-xorshift mixing, after MurmurHash3's finaliser). */
export function mixedSeed(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part | 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) % seeds;
}
