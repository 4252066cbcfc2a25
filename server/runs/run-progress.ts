import { withCheckpoint } from "../../protocol/run-checkpoints.ts";
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { decodeTime } from "ulid";
import { z } from "zod";
import type { RunCheckpoint, RunPhase, RunSpending, RunState, RunSummary } from "../../protocol/run.ts";
import type { SavedCheckpoint, TrainingPosition } from "../training/loop/host.ts";
import { eventOf, seqOf, typeOf, wholeLines } from "./event-log.ts";

/** What the events of a run come to, apart from whether its process lives. */
export interface RunProgress {
  /** `seq` of the next event. */
  cursor: number;
  state: RunState | undefined;
  reason: string | undefined;
  /** Of the process that wrote the last `launched`. */
  pid: number | undefined;
  /** Whether the last launch came to its end. */
  ended: boolean;
  stage: string | undefined;
  phase: RunPhase | undefined;
  iteration: number;
  iterations: number | undefined;
  reward: number | undefined;
  bestScore: number | undefined;
  checkpoints: RunCheckpoint[];
  saved: SavedCheckpoint | undefined;
  spending: RunSpending | undefined;
}

const Position = z.object({
  position: z.object({
    iteration: z.int().min(0),
    supervisedStep: z.int().min(0),
    stageStep: z.int().min(0),
    klCoefficient: z.number(),
    drawn: z.int().min(0),
    best: z.object({ score: z.number(), iteration: z.int(), checkpoint: z.string() }).optional(),
    sinceBest: z.int().min(0),
    spending: z.object({
      policyTokens: z.number(),
      trainedTokens: z.number(),
      searches: z.number(),
      seconds: z.number(),
      money: z.number(),
    }),
    monitors: z.record(z.string(), z.number()),
  }),
});

/** Bulk that a summary needs nothing of; such lines are not parsed. */
const passedOver = new Set(["group", "rollout-progress", "health", "log", "supervised"]);

/** Follows the events of one run: each call reads only what was written since the one before. */
export class ProgressReader {
  readonly #file: string;
  #read = 0;
  #progress = beginning();

  constructor(file: string) {
    this.#file = file;
  }

  read(): RunProgress {
    if (!existsSync(this.#file)) return this.#progress;
    if (statSync(this.#file).size < this.#read) {
      this.#read = 0;
      this.#progress = beginning();
    }
    const descriptor = openSync(this.#file, "r");
    try {
      for (const { line, end } of wholeLines(descriptor, this.#read)) {
        this.#read = end;
        fold(this.#progress, line);
      }
    } finally {
      closeSync(descriptor);
    }
    return this.#progress;
  }
}

function beginning(): RunProgress {
  return {
    cursor: 0,
    state: undefined,
    reason: undefined,
    pid: undefined,
    ended: false,
    stage: undefined,
    phase: undefined,
    iteration: 0,
    iterations: undefined,
    reward: undefined,
    bestScore: undefined,
    checkpoints: [],
    saved: undefined,
    spending: undefined,
  };
}

function fold(progress: RunProgress, line: string): void {
  progress.cursor = (seqOf(line) ?? progress.cursor) + 1;
  if (passedOver.has(typeOf(line) ?? "")) return;
  const event = eventOf(line);
  switch (event?.type) {
    case "launched":
      Object.assign(progress, { pid: event.pid, ended: false, state: "running", reason: undefined });
      break;
    case "state":
      Object.assign(progress, { state: event.state, reason: event.reason });
      break;
    case "plan":
      progress.iterations = event.iterations;
      break;
    case "phase":
      Object.assign(progress, { stage: event.stage, phase: event.phase });
      break;
    case "iteration":
      progress.iteration = event.iteration + 1;
      progress.stage = event.stage;
      progress.reward = event.metrics["reward/mean"] ?? progress.reward;
      break;
    case "checkpoint": {
      const position = Position.safeParse(JSON.parse(line)).data?.position as TrainingPosition | undefined;
      progress.checkpoints = withCheckpoint(progress.checkpoints, event.checkpoint);
      progress.bestScore = event.checkpoint.best ? (event.checkpoint.score ?? progress.bestScore) : progress.bestScore;
      if (position) progress.saved = { checkpoint: event.checkpoint, position };
      break;
    }
    case "abandoned":
      progress.iteration = Math.min(progress.iteration, event.iteration + 1);
      break;
    case "spending":
      progress.spending = event.spending;
      break;
    case "done":
      Object.assign(progress, { state: event.outcome, reason: event.reason, ended: true });
      break;
    default:
  }
}

/** The state as it really is: what the events say, held against whether a process lives. */
export function stateOf(progress: RunProgress, livePid: number | undefined, fresh: boolean): RunState {
  if (livePid !== undefined && (progress.pid !== livePid || progress.state === undefined)) return "starting";
  if (progress.ended && progress.state) return progress.state;
  if (livePid !== undefined) return progress.state ?? "starting";
  return fresh && progress.pid === undefined ? "starting" : "crashed";
}

/** A run whose folder does not say what it is: its id, when it was made by that, and what its events still tell. */
export function damagedSummary(id: string, progress: RunProgress, reason: string): RunSummary {
  const createdAt = new Date(decodeTime(id)).toISOString();
  return { ...summaryOf({ id, name: id, createdAt }, progress, "damaged"), reason };
}

export function summaryOf(
  about: Pick<RunSummary, "id" | "name" | "createdAt">,
  progress: RunProgress,
  state: RunState,
): RunSummary {
  const { reason, stage, phase, iterations, reward, bestScore, spending } = progress;
  const crashed = "Its process is gone and wrote no end; resume goes on from its last checkpoint.";
  const told = state === "crashed" ? crashed : state === progress.state ? reason : undefined;
  return {
    id: about.id,
    name: about.name,
    createdAt: about.createdAt,
    state,
    iteration: progress.iteration,
    checkpoints: progress.checkpoints.length,
    events: progress.cursor,
    ...(told === undefined ? {} : { reason: told }),
    ...(stage === undefined ? {} : { stage }),
    ...(phase === undefined ? {} : { phase }),
    ...(iterations === undefined ? {} : { iterations }),
    ...(reward === undefined ? {} : { reward }),
    ...(bestScore === undefined ? {} : { bestScore }),
    ...(spending === undefined ? {} : { spending }),
  };
}
