import { fromBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { EngineError, type SampledSequence, type SampleRequest } from "../engine.ts";
import { float32s, int32s } from "./arrays.ts";
import type { Answer } from "./connection.ts";
import { SampleResponseSchema } from "./tinker_pb.ts";
import { jsonNumber } from "./training-wire.ts";

/** Which weights are sampled: a sampling session of published weights, the base model, or a checkpoint's path. */
export type SampleSource = { session: string } | { baseModel: string } | { modelPath: string };

/** What the body is made of beside the request. */
export interface SampleBody {
  /** Tokens asked for: at least the request's own, so that batches share a compiled shape. */
  maxTokens: number;
  /** Ids or strings; one list cannot mix them. */
  stop: readonly number[] | readonly string[];
  /** Keeps the requests of one rollout on one worker. */
  routing: number;
  promptLogprobs: boolean;
}

/** The body for `/asample`: one sequence of one prompt. */
export function sampleBody(
  source: SampleSource,
  { prompt, temperature, topP, seed }: SampleRequest,
  { maxTokens, stop, routing, promptLogprobs }: SampleBody,
): object {
  return {
    ...("session" in source ? { sampling_session_id: source.session, seq_id: routing } : {}),
    ...("baseModel" in source ? { base_model: source.baseModel } : {}),
    ...("modelPath" in source ? { model_path: source.modelPath } : {}),
    num_samples: 1,
    prompt: { chunks: [{ type: "encoded_text", tokens: [...prompt] }] },
    ...(promptLogprobs ? { prompt_logprobs: true } : {}),
    sampling_params: {
      max_tokens: maxTokens,
      temperature,
      top_p: topP ?? 1,
      seed,
      ...(stop.length > 0 ? { stop: [...stop] } : {}),
    },
  };
}

const JsonNumber = z.union([z.number(), z.null(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const JsonSample = z.looseObject({
  sequences: z.array(
    z.looseObject({
      stop_reason: z.string().nullish(),
      tokens: z.array(z.int()),
      logprobs: z.array(JsonNumber).nullish(),
    }),
  ),
  prompt_logprobs: z.array(JsonNumber).nullish(),
});

/** One answer of the sampler, with the log-probs of its prompt where they were asked for: NaN where it has none. */
export interface SampleAnswer {
  readonly sequence: SampledSequence;
  readonly promptLogprobs: Float64Array | undefined;
}

/** @throws EngineError of kind "bad-response", or "not-finite" where a log-prob of a sampled token is no number */
export function sampleAnswer(answer: Answer): SampleAnswer {
  const { sequence, promptLogprobs } = answer.kind === "bytes" ? protoSample(answer.bytes) : jsonSample(answer.value);
  if (sequence.ids.length !== sequence.logprobs.length)
    throw new EngineError(
      "bad-response",
      `The engine gave ${sequence.logprobs.length} log-probs for ${sequence.ids.length} tokens.`,
    );
  if (!sequence.logprobs.every(Number.isFinite))
    throw new EngineError(
      "not-finite",
      "The engine sampled tokens whose log-probs are no numbers: the adapter is spoilt. Go back to a checkpoint.",
    );
  return { sequence, promptLogprobs };
}

function protoSample(bytes: Uint8Array): SampleAnswer {
  try {
    const response = fromBinary(SampleResponseSchema, bytes);
    const first = response.sequences[0];
    if (!first) throw new Error("no sequence");
    return {
      sequence: {
        ids: int32s(first.tokens),
        logprobs: [...float32s(first.logprobs ?? new Uint8Array())],
        reason: first.stopReason === 1 ? "length" : "stop",
      },
      promptLogprobs: response.promptLogprobs && float32s(response.promptLogprobs),
    };
  } catch (error) {
    throw new EngineError("bad-response", "The engine's sample cannot be read; its version may be another.", {
      cause: error,
    });
  }
}

function jsonSample(value: unknown): SampleAnswer {
  const parsed = JsonSample.safeParse(value);
  const first = parsed.data?.sequences[0];
  if (!parsed.success || !first)
    throw new EngineError("bad-response", "The engine's sample cannot be read; its version may be another.", {
      cause: parsed.error,
    });
  const prompt = parsed.data.prompt_logprobs;
  return {
    sequence: {
      ids: first.tokens,
      logprobs: (first.logprobs ?? []).map(jsonNumber),
      reason: first.stop_reason === "length" ? "length" : "stop",
    },
    promptLogprobs: prompt ? Float64Array.from(prompt, jsonNumber) : undefined,
  };
}
