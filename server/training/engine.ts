import type { EngineReduction } from "./engine-datum.ts";

/** What a training engine can do and how it counts; algorithm code asks this record and never which engine it is. */
export interface EngineCapabilities {
  /** `skyrl-jax`, `skyrl-fsdp`, … and what the server says of its version. */
  readonly engine: string;
  readonly version: string;
  readonly wire: "proto" | "json";
  /** What one optimiser step does with its datums. */
  readonly reduction: EngineReduction;
  /** Index of the first entry of prompt log-probs: 1 where a leading null stands, 0 where entry 0 belongs to the second token. */
  readonly promptLogprobsOffset: 0 | 1;
  /** Whether the base model can be sampled and give log-probs beside an adapter. */
  readonly baseSampling: boolean;
  readonly fullTuning: boolean;
  /** Adapters at once, the base model's slot not counted. */
  readonly maxModels: number;
  /** Sequences that are sampled together; calls are filled up to it. */
  readonly samplingWidth: number;
  /** Batches have fixed shapes, which are padded: rows that are missing cost as much as rows that are sent. */
  readonly fillsBatches: boolean;
  /** Datum counts are kept a multiple of it. */
  readonly microBatch: number;
  /** Whether stop ids end sampling by themselves, and whether stop strings do so early. */
  readonly stopStringsEarly: boolean;
  /** Adam's constants are fixed at start; only the learning rate acts. */
  readonly fixedAdam: boolean;
  /** A repeated training call with the same sequence number is answered from the first. */
  readonly idempotent: boolean;
  /** Ids the vocabulary has, and tokens the model can read. */
  readonly vocabulary: number;
  readonly contextLength: number;
}

/** One prompt to sample from. */
export interface SampleRequest {
  /** Token ids. */
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP?: number;
  /** Below 2^31. */
  readonly seed: number;
  /** Ids that end the sequence; the id is part of it. */
  readonly stopIds: readonly number[];
  /** Strings that end the sequence, where they are no single ids; the caller cuts at the token that completes one. */
  readonly stopStrings?: readonly string[];
}

export interface SampledSequence {
  readonly ids: readonly number[];
  /** Natural logarithms at temperature 1, one per id. */
  readonly logprobs: readonly number[];
  readonly reason: "stop" | "length";
}

/** Weights that can be sampled. A sampler of weights that were trained on since refuses: engines share the slot. */
export interface Sampler {
  /** Answers in the order of the requests. Fills the engine's sampling width itself. Throws `EngineError`. */
  sample(requests: readonly SampleRequest[], signal: AbortSignal): Promise<SampledSequence[]>;
  /** log p of each token given those before it, one row per sequence, entry 0 for the second token. */
  logprobs(sequences: readonly (readonly number[])[], signal: AbortSignal): Promise<Float64Array[]>;
}

/** One training sequence; the three arrays are as long as `ids` and belong to the token at their own index. Entry 0 is never trained on. */
export interface TrainingSequence {
  readonly ids: readonly number[];
  /** 1 where the token is trained on, 0 elsewhere. */
  readonly weights: ArrayLike<number>;
  /** Absent for cross-entropy. */
  readonly advantages?: ArrayLike<number>;
  /** Old log-probs: of the policy that sampled; 0 where the weight is 0. Absent for cross-entropy. */
  readonly logprobs?: ArrayLike<number>;
  /** Counts in an engine's mean although nothing of it is trained: only for a caller that has scaled the others' advantages for it. */
  readonly padding?: boolean;
}

export type EngineLoss =
  | { readonly kind: "cross-entropy" }
  | { readonly kind: "importance-sampling" }
  | { readonly kind: "ppo"; readonly low: number; readonly high: number }
  | { readonly kind: "cispo"; readonly low: number; readonly high: number };

export interface Adam {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** An adapter on the engine that is trained. All methods throw `EngineError`. Calls are ordered by the model itself. */
export interface TrainedModel {
  readonly id: string;
  readonly rank: number;
  /** Training calls that were numbered so far: what the engine trained at most. */
  readonly sequence: number;
  /** Makes the weights as they are the ones to sample; earlier samplers of this model refuse from then on. */
  publish(signal: AbortSignal): Promise<Sampler>;
  /** log p of each token under the weights as they are; rows as long as the sequences, entry 0 is 0. No gradient. */
  forward(sequences: readonly TrainingSequence[], signal: AbortSignal): Promise<Float64Array[]>;
  /** Adds to the gradient. The log-probs are those before the step, aligned as `forward`'s. */
  forwardBackward(
    sequences: readonly TrainingSequence[],
    loss: EngineLoss,
    signal: AbortSignal,
  ): Promise<Float64Array[]>;
  /** Applies the gradient. The norm is undefined where the engine does not tell and NaN where the weights are spoilt. */
  optimStep(adam: Adam, signal: AbortSignal): Promise<{ gradientNorm: number | undefined }>;
  /** Saves weights and optimiser state under a name; answers the engine's path. A name that is there with the same model is the same checkpoint. */
  save(name: string, signal: AbortSignal): Promise<string>;
  /** The adapter as a PEFT archive (tar.gz bytes). */
  exportAdapter(name: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Removes a saved checkpoint, also one that is gone. */
  remove(path: string, signal: AbortSignal): Promise<void>;
  unload(signal: AbortSignal): Promise<void>;
}

/** A connection to an engine. */
export interface TrainingEngine {
  readonly capabilities: EngineCapabilities;
  /** An adapter: fresh (equal to the base model), or as a saved checkpoint has it, with or without its optimiser state. */
  createModel(
    options: { rank: number; seed: number; from?: { path: string; optimiser: boolean } },
    signal: AbortSignal,
  ): Promise<TrainedModel>;
  /** The base model, also as the reference policy. Undefined where the engine cannot sample it. */
  base(): Sampler | undefined;
  /** Ends heartbeats and the session; does not stop the server. */
  close(): Promise<void>;
}

export type EngineErrorKind =
  | "unreachable"
  | "unauthorised"
  | "unknown-model" // base model, adapter or checkpoint that the engine does not have
  | "unsupported" // the engine cannot do it
  | "invalid" // refused on our side before it was sent, because it would spoil or hang the engine
  | "rejected" // the engine said no
  | "stale" // a sampler of weights that were trained on since
  | "not-finite" // log-probs or gradients are not numbers: the adapter is spoilt
  | "lost" // the engine lost the model: it restarted or its session expired
  | "timeout"
  | "bad-response"
  | "cancelled";

/** A call to the engine failed in a known way. The message is one sentence: what happened and what to do; it never holds a key. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly kind: EngineErrorKind;
  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
