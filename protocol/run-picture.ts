import { withCheckpoint } from "./run-checkpoints.ts";
import { z } from "zod";
import { RunCheckpoint, type RunEvent, RunGroup, RunPhase, RunSpending, RunState } from "./run.ts";

/** How much of what only the latest of is looked at is kept. */
const kept = { groups: 512, health: 100, log: 500 };

/** Numbers over steps, a column a metric: `metrics[name][i]` belongs to `x[i]`; null where the step did not say. `x` rises. */
export const RunSeries = z.object({
  x: z.array(z.int().min(0)),
  metrics: z.record(z.string(), z.array(z.number().nullable())),
});
export type RunSeries = z.infer<typeof RunSeries>;

export const HealthNote = z.object({
  at: z.iso.datetime(),
  iteration: z.int().min(0),
  monitor: z.string(),
  level: z.enum(["warn", "pause", "stop"]),
  value: z.number().nullable(),
  message: z.string(),
});
export type HealthNote = z.infer<typeof HealthNote>;

export const LogLine = z.object({
  at: z.iso.datetime(),
  level: z.enum(["info", "warning", "error"]),
  message: z.string(),
});

/** What a run's events come to: all that its page draws. Whoever folds every event from 0 on holds the same picture. */
export const RunPicture = z.object({
  /** `seq` of the next event: those below it are in the picture. */
  cursor: z.int().min(0),
  state: RunState,
  reason: z.string().optional(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  plan: z
    .object({
      iterations: z.int().min(0),
      supervisedSteps: z.int().min(0),
      stages: z.array(z.object({ name: z.string(), iterations: z.int() })),
    })
    .optional(),
  /** The phase that runs, or ran last. */
  phase: z
    .object({
      iteration: z.int().min(0),
      stage: z.string(),
      phase: RunPhase,
      status: z.enum(["begin", "end"]),
      at: z.iso.datetime(),
    })
    .optional(),
  rollouts: z.object({ iteration: z.int().min(0), done: z.int().min(0), total: z.int().min(1) }).optional(),
  /** By optimiser step of the supervised start. */
  supervised: RunSeries,
  /** By iteration. */
  training: RunSeries,
  /** Stage of each iteration of `training`. */
  stages: z.array(z.string()),
  /** By iteration at which was evaluated. */
  evaluations: RunSeries,
  bestEvaluation: z.int().min(0).optional(),
  checkpoints: z.array(RunCheckpoint),
  /** Groups of the latest iterations, oldest first. */
  groups: z.array(RunGroup),
  health: z.array(HealthNote),
  spending: RunSpending.optional(),
  log: z.array(LogLine),
});
export type RunPicture = z.infer<typeof RunPicture>;

export function emptyPicture(): RunPicture {
  return {
    cursor: 0,
    state: "starting",
    supervised: emptySeries(),
    training: emptySeries(),
    stages: [],
    evaluations: emptySeries(),
    checkpoints: [],
    groups: [],
    health: [],
    log: [],
  };
}

/**
 * Takes one event into a picture, in place: a long run's series are not copied at each step. An event that is in it already changes
 * nothing; one that leaves others out is refused, and who sent it is to be asked again from the cursor.
 */
export function foldRunEvent(picture: RunPicture, event: RunEvent): "folded" | "known" | "hole" {
  if (event.seq < picture.cursor) return "known";
  if (event.seq > picture.cursor) return "hole";
  picture.cursor = event.seq + 1;
  switch (event.type) {
    case "launched":
      picture.startedAt ??= event.at;
      delete picture.endedAt;
      delete picture.reason;
      picture.state = "running";
      break;
    case "state":
      setState(picture, event.state, event.reason);
      break;
    case "plan": {
      const { iterations, supervisedSteps, stages } = event;
      picture.plan = { iterations, supervisedSteps, stages };
      break;
    }
    case "phase": {
      const { iteration, stage, phase, status, at } = event;
      picture.phase = { iteration, stage, phase, status, at };
      if (phase !== "rollouts" || status === "end") delete picture.rollouts;
      break;
    }
    case "rollout-progress":
      picture.rollouts = { iteration: event.iteration, done: event.done, total: event.total };
      break;
    case "supervised":
      append(picture.supervised, event.step, event.metrics);
      break;
    case "group":
      picture.groups.push(event.group);
      if (picture.groups.length > kept.groups) picture.groups.splice(0, picture.groups.length - kept.groups);
      break;
    case "iteration":
      picture.stages.length = append(picture.training, event.iteration, event.metrics);
      picture.stages.push(event.stage);
      break;
    case "evaluation":
      append(picture.evaluations, event.iteration, event.metrics);
      if (event.best) picture.bestEvaluation = event.iteration;
      break;
    case "checkpoint":
      picture.checkpoints = withCheckpoint(picture.checkpoints, event.checkpoint);
      break;
    case "abandoned":
      abandon(picture, event.iteration);
      break;
    case "health": {
      const { at, iteration, monitor, level, value, message } = event;
      keep(picture.health, { at, iteration, monitor, level, value, message }, kept.health);
      break;
    }
    case "spending":
      picture.spending = event.spending;
      break;
    case "log":
      keep(picture.log, { at: event.at, level: event.level, message: event.message }, kept.log);
      break;
    case "done":
      setState(picture, event.outcome, event.reason);
      picture.endedAt = event.at;
      break;
  }
  return "folded";
}

function emptySeries(): RunSeries {
  return { x: [], metrics: {} };
}

function setState(picture: RunPicture, state: RunState, reason: string | undefined): void {
  picture.state = state;
  if (reason === undefined) delete picture.reason;
  else picture.reason = reason;
}

/** Puts a step's numbers at the end; a step that was there already is done again, so it and what follows it goes. Answers its place. */
function append(series: RunSeries, x: number, metrics: Record<string, number>): number {
  cut(series, x);
  const at = series.x.push(x) - 1;
  for (const column of Object.values(series.metrics)) column.push(null);
  for (const [name, value] of Object.entries(metrics)) {
    // A column of its own prototype would be none of ours: names come from a file.
    if (!Object.hasOwn(series.metrics, name)) {
      Object.defineProperty(series.metrics, name, {
        value: Array.from({ length: at + 1 }, () => null),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    series.metrics[name]![at] = Number.isFinite(value) ? value : null;
  }
  return at;
}

/** Leaves out the steps from `from` on. */
function cut(series: RunSeries, from: number): void {
  let length = series.x.length;
  while (length > 0 && series.x[length - 1]! >= from) length--;
  if (length === series.x.length) return;
  series.x.length = length;
  for (const column of Object.values(series.metrics)) column.length = length;
}

function abandon(picture: RunPicture, after: number): void {
  cut(picture.training, after + 1);
  cut(picture.evaluations, after + 1);
  picture.stages.length = picture.training.x.length;
  picture.groups = picture.groups.filter(({ iteration }) => iteration <= after);
  delete picture.rollouts;
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}
