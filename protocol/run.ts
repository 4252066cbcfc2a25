import { z } from "zod";

/** Version of the run folder and its events. Readers accept this and older ones. */
export const runVersion = 1;

/**
 * - `starting`: the process lives, its control socket does not answer yet.
 * - `running`, `paused`, `stopping`: as its last state event says, and the process lives.
 * - `done`: it ended by itself; `stopped`: it ended because somebody or a budget asked; `failed`: it ended by an error it could name.
 * - `crashed`: the process is gone and wrote no end.
 * - `damaged`: its folder does not say what it is, so that it can only be removed.
 */
export const RunState = z.enum([
  "starting",
  "running",
  "paused",
  "stopping",
  "done",
  "stopped",
  "failed",
  "crashed",
  "damaged",
]);
export type RunState = z.infer<typeof RunState>;

export const RunPhase = z.enum([
  "prepare", // data, index, engine, model
  "supervised",
  "publish", // weights to the sampler
  "rollouts",
  "score",
  "reference", // log-probs of the reference policy
  "train",
  "evaluate",
  "checkpoint",
]);
export type RunPhase = z.infer<typeof RunPhase>;

const at = z.iso.datetime();
const iteration = z.int().min(0);

/** Numbers of one iteration by name, such as `reward/mean`, `reward/format`, `kl`, `entropy`, `time/rollouts`. */
export const RunMetrics = z.record(z.string(), z.number());
export type RunMetrics = z.infer<typeof RunMetrics>;

/** The rollouts of one prompt in one iteration, without their transcripts. */
export const RunGroup = z.object({
  iteration,
  stage: z.string(),
  questionId: z.string(),
  question: z.string(),
  /** Ids in the run's `trajectories.jsonl`, in the order of the arrays below. */
  trajectories: z.array(z.string()),
  rewards: z.array(z.number()),
  advantages: z.array(z.number()),
  searches: z.array(z.int().min(0)),
  stops: z.array(z.string()),
  /** All rewards equal: nothing to learn from. */
  zeroVariance: z.boolean(),
  trained: z.boolean(),
});
export type RunGroup = z.infer<typeof RunGroup>;

export const RunCheckpoint = z.object({
  /** Unique in the run. */
  name: z.string(),
  /** Iterations that are in it. */
  iteration,
  stage: z.string(),
  /** As the engine names it: weights with optimiser state. */
  path: z.string(),
  /** Adapter archive in the run's folder, relative to it; absent until it was fetched. */
  archive: z.string().optional(),
  /** Result of the evaluation at this point, where there was one. */
  score: z.number().optional(),
  best: z.boolean(),
});
export type RunCheckpoint = z.infer<typeof RunCheckpoint>;

export const RunSpending = z.object({
  policyTokens: z.int().min(0),
  trainedTokens: z.int().min(0),
  searches: z.int().min(0),
  seconds: z.number().min(0),
  money: z.number().min(0),
});
export type RunSpending = z.infer<typeof RunSpending>;

/** What a policy did with each question of an evaluation, in the order of the ids. */
export const RunQuestionScores = z.object({
  ids: z.array(z.string()),
  f1: z.array(z.number()),
  em: z.array(z.number()),
  /** 1 where the form is valid. */
  form: z.array(z.number()),
  searches: z.array(z.int().min(0)),
});
export type RunQuestionScores = z.infer<typeof RunQuestionScores>;

/** What a run tells, without its place in the order. */
export const RunEventBody = z.discriminatedUnion("type", [
  z.object({ type: z.literal("launched"), pid: z.int(), resumed: z.boolean() }),
  z.object({ type: z.literal("state"), state: RunState, reason: z.string().optional() }),
  z.object({
    type: z.literal("plan"),
    iterations: z.int().min(0),
    supervisedSteps: z.int().min(0),
    stages: z.array(z.object({ name: z.string(), iterations: z.int() })),
  }),
  z.object({
    type: z.literal("phase"),
    iteration,
    stage: z.string(),
    phase: RunPhase,
    status: z.enum(["begin", "end"]),
    seconds: z.number().min(0).optional(),
  }),
  z.object({ type: z.literal("rollout-progress"), iteration, done: z.int().min(0), total: z.int().min(1) }),
  z.object({ type: z.literal("supervised"), step: z.int().min(0), steps: z.int().min(0), metrics: RunMetrics }),
  z.object({ type: z.literal("group"), group: RunGroup }),
  /** The iteration is complete: its weights are on the engine, not yet in a checkpoint. */
  z.object({ type: z.literal("iteration"), iteration, stage: z.string(), metrics: RunMetrics }),
  z.object({
    type: z.literal("evaluation"),
    iteration,
    metrics: RunMetrics,
    best: z.boolean(),
    /** Question by question, for comparisons in pairs; absent in events of earlier versions. */
    questions: RunQuestionScores.optional(),
  }),
  /** Everything up to this iteration is acknowledged: a resume goes on from here. */
  z.object({ type: z.literal("checkpoint"), checkpoint: RunCheckpoint }),
  /** A resume went back: iterations after `iteration` were never acknowledged and are done again; −1 for all of them. */
  z.object({ type: z.literal("abandoned"), iteration: z.int().min(-1) }),
  z.object({
    type: z.literal("health"),
    iteration,
    monitor: z.string(),
    level: z.enum(["warn", "pause", "stop"]),
    value: z.number().nullable(),
    message: z.string(),
  }),
  z.object({ type: z.literal("spending"), spending: RunSpending }),
  z.object({ type: z.literal("log"), level: z.enum(["info", "warning", "error"]), message: z.string() }),
  z.object({ type: z.literal("done"), outcome: z.enum(["done", "stopped", "failed"]), reason: z.string() }),
]);
export type RunEventBody = z.infer<typeof RunEventBody>;

/** An event with its cursor: `seq` counts from 0 without holes, over all processes that the run ever had. */
export const RunEvent = z.intersection(z.object({ seq: z.int().min(0), at }), RunEventBody);
export type RunEvent = z.infer<typeof RunEvent>;

/** A run as a list shows it. */
export const RunSummary = z.object({
  /** ULID. */
  id: z.string(),
  name: z.string(),
  createdAt: at,
  state: RunState,
  /** Why it is in that state, where it says. */
  reason: z.string().optional(),
  stage: z.string().optional(),
  phase: RunPhase.optional(),
  /** Iterations done, of all stages together. */
  iteration: z.int().min(0),
  iterations: z.int().min(0).optional(),
  reward: z.number().optional(),
  bestScore: z.number().optional(),
  checkpoints: z.int().min(0),
  spending: RunSpending.optional(),
  /** Cursor after its last event. */
  events: z.int().min(0),
  /** Service that it runs on; absent: this machine. */
  host: z.string().optional(),
});
export type RunSummary = z.infer<typeof RunSummary>;

export const RunAction = z.enum(["pause", "resume", "stop", "checkpoint"]);
export type RunAction = z.infer<typeof RunAction>;
