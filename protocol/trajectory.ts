import { z } from "zod";
import { Answer } from "./answer.ts";
import { Hit } from "./passage.ts";
import { FolderRef } from "./place.ts";
import { Reward } from "./reward.ts";

/** Version of the trajectory record. Readers accept this and older ones. */
export const trajectoryVersion = 1;

export const SegmentKind = z.enum(["prompt", "think", "query", "documents", "answer", "other"]);
export type SegmentKind = z.infer<typeof SegmentKind>;

/** Who wrote a segment. The retrieval mask is `origin === "policy"`: only the policy's own text is trained on. */
export const Origin = z.enum(["prompt", "policy", "environment"]);
export type Origin = z.infer<typeof Origin>;

/**
 * One contiguous piece of a trajectory. Segments partition the text: each starts where the one before it ended.
 * Ranges are UTF-16 code units of `Trajectory.text`; token ranges index `Trajectory.tokens.ids`.
 */
export const Segment = z.object({
  kind: SegmentKind,
  origin: Origin,
  start: z.int().min(0),
  end: z.int().min(0),
  tokenStart: z.int().min(0).optional(),
  tokenEnd: z.int().min(0).optional(),
  /** 0-based turn: a turn is one stretch of policy text and what the environment answered to it. */
  turn: z.int().min(0),
});
export type Segment = z.infer<typeof Segment>;

/** One search of a rollout. */
export const Search = z.object({
  turn: z.int().min(0),
  /** As sent to the retriever, after the profile's cleaning. */
  query: z.string(),
  /** As the policy wrote it. */
  rawQuery: z.string(),
  hits: z.array(Hit),
  /** UTF-16 range of the inserted block; empty when nothing was inserted. */
  insertedStart: z.int().min(0),
  insertedEnd: z.int().min(0),
  /** How many of the hits, from the first, were written into the transcript. */
  insertedHits: z.int().min(0),
  /** Control tags inside documents that were neutralised on insertion. */
  neutralised: z.int().min(0),
  seconds: z.number().min(0),
  cached: z.boolean(),
  /** Set when the retriever failed; an error never enters the transcript as a document. */
  error: z.string().optional(),
});
export type Search = z.infer<typeof Search>;

export const StopReason = z.enum([
  "finished", // an answer, or the policy's end of text
  "no-answer", // the policy ended without an answer or a query
  "segment-limit", // a stretch of policy text hit its token limit
  "search-limit", // one search more than the profile allows
  "turn-limit",
  "token-limit",
  "time-limit",
  "empty-query",
  "retrieval-error",
  "policy-error",
  "cancelled",
  "interrupted", // the process that ran it died
]);
export type StopReason = z.infer<typeof StopReason>;

export const PolicyKind = z.enum(["extractive", "openai", "editor", "tinker", "imported", "scripted"]);
export type PolicyKind = z.infer<typeof PolicyKind>;

/** The model or rule that wrote the policy segments. */
export const PolicyRef = z.object({
  /** `extractive`, `openai:MODEL@URL`, `editor:ID`, … as accepted by `--policy`. */
  id: z.string(),
  kind: PolicyKind,
  label: z.string(),
  /** Why this policy answered: chosen by the person, the default, or a fallback and from what. */
  chosen: z.string().optional(),
});
export type PolicyRef = z.infer<typeof PolicyRef>;

export const Sampling = z.object({
  temperature: z.number().optional(),
  topP: z.number().optional(),
  seed: z.int().optional(),
  maxSegmentTokens: z.int().optional(),
});
export type Sampling = z.infer<typeof Sampling>;

export const Usage = z.object({
  turns: z.int().min(0),
  searches: z.int().min(0),
  /** Tokens where the policy counts them; absent otherwise. */
  promptTokens: z.int().min(0).optional(),
  policyTokens: z.int().min(0).optional(),
  environmentTokens: z.int().min(0).optional(),
  seconds: z.number().min(0),
  policySeconds: z.number().min(0),
  searchSeconds: z.number().min(0),
});
export type Usage = z.infer<typeof Usage>;

/** Token ids of prompt and response, as sampled and as inserted; never re-encoded. Segments give the origins. */
export const Tokens = z.object({
  tokenizer: z.string(),
  ids: z.array(z.int().min(0)),
  /** Same length as `ids`; null where the token was not sampled by the policy. */
  logprobs: z.array(z.number().nullable()).optional(),
  /** What a trainer says of each token, as long as `ids`; null where it says nothing. Log-probs in nats. */
  trainerLogprobs: z.array(z.number().nullable()).optional(),
  advantages: z.array(z.number().nullable()).optional(),
  /** What the reference policy says of each token, in nats. */
  referenceLogprobs: z.array(z.number().nullable()).optional(),
  /** Entropy of the policy's distribution at the token, in nats. */
  entropies: z.array(z.number().nullable()).optional(),
  /** Probability under the trainer over probability when sampled. */
  ratios: z.array(z.number().nullable()).optional(),
  /** Estimate of the divergence at the token, in nats. */
  kl: z.array(z.number().nullable()).optional(),
});
export type Tokens = z.infer<typeof Tokens>;

/** Where a trajectory stands in a training run, and what the update made of it. */
export const TrainingPlace = z.object({
  /** The run's iteration, 0-based. */
  step: z.int().min(0).optional(),
  stage: z.string().optional(),
  /** Rollouts of one prompt in one step have the same group. */
  group: z.string().optional(),
  /** 0-based number of the rollout in its group. */
  sample: z.int().min(0).optional(),
  /** Rollouts in the group. */
  groupSize: z.int().min(1).optional(),
  /** Mean reward of the group, in points. */
  groupMean: z.number().optional(),
  /** 1-based place in the group by reward, best first; equal rewards share the better place. */
  rank: z.int().min(1).optional(),
  /** Of the whole trajectory; per-token ones are in `tokens`. */
  advantage: z.number().optional(),
  /** Mean estimate of the divergence from the reference policy over the policy's tokens, in nats. */
  kl: z.number().optional(),
  /** What the divergence was multiplied with; 0 where it was only watched. */
  klCoefficient: z.number().optional(),
});
export type TrainingPlace = z.infer<typeof TrainingPlace>;

/**
 * What another program's record held beside what the trajectory says of it, so that an export to the same format writes it
 * back. Nothing reads it but that export; it is never shown as the trajectory's own words.
 */
export const Source = z.object({
  /** Name of the format, as `export --format` takes it. */
  format: z.string(),
  /** Fields of a flat record that the trajectory has no place for. */
  extra: z.record(z.string(), z.unknown()).optional(),
  /** A nested record, whole. */
  record: z.unknown().optional(),
});
export type Source = z.infer<typeof Source>;

export const TrajectoryStatus = z.enum(["running", "done", "interrupted"]);

export const Trajectory = z.object({
  version: z.literal(trajectoryVersion),
  /** ULID. */
  id: z.string(),
  createdAt: z.iso.datetime(),
  status: TrajectoryStatus,
  question: z.string(),
  /** Accepted answers, where the question came with them. */
  golds: z.array(z.string()).optional(),
  /** Id of the trajectory that this one follows up. */
  follows: z.string().optional(),
  profile: z.string(),
  policy: PolicyRef,
  sampling: Sampling,
  /** What was searched: index or retrieval server id, and the folders behind it. */
  index: z.object({ id: z.string(), folders: z.array(FolderRef), coverage: z.string().optional() }),
  text: z.string(),
  segments: z.array(Segment),
  searches: z.array(Search),
  stop: z.object({ reason: StopReason, detail: z.string().optional() }).optional(),
  usage: Usage,
  answer: Answer.optional(),
  tokens: Tokens.optional(),
  reward: Reward.optional(),
  training: TrainingPlace.optional(),
  source: Source.optional(),
  /** Things the reader should know: a fallback, a search that failed, tags neutralised. */
  notices: z.array(z.string()),
});
export type Trajectory = z.infer<typeof Trajectory>;
