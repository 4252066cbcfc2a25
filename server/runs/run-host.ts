import type { Recipe } from "../../protocol/recipe.ts";
import type { RunAction, RunCheckpoint, RunEvent, RunSummary } from "../../protocol/run.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";

/** A problem of a recipe, found before anything is started. */
export interface RecipeProblem {
  /** Where in the recipe, as `stages.0.reward`; empty for the whole. */
  field: string;
  severity: "error" | "warning";
  /** One sentence: what is wrong and what to do. */
  message: string;
}

/** What a run would take, with the assumptions it rests on. Ranges where a rollout's length is not known before. */
export interface RunEstimate {
  rollouts: number;
  optimiserSteps: number;
  policyTokens: { expected: number; most: number };
  trainedTokens: { expected: number; most: number };
  searches: { expected: number; most: number };
  /** Seconds; absent where no measured rate is known for this engine and model. */
  seconds?: { expected: number; most: number };
  money?: { currency: string; expected: number; most: number };
  /** One sentence each. */
  assumptions: string[];
  /** What the checks found of engine and data, one sentence each. */
  found?: string[];
}

export type Launch = { ok: true; id: string; joined: boolean } | { ok: false; problems: RecipeProblem[] };

export interface RunDetails {
  summary: RunSummary;
  recipe: Recipe;
  /** Path of the run's folder; absent for a run on another machine. */
  folder?: string;
  checkpoints: RunCheckpoint[];
}

export type RunHostErrorKind = "unknown-run" | "damaged" | "unreachable" | "unauthorised" | "busy" | "disk" | "refused";

/** A run host failed in a known way: one sentence, what happened and what to do. */
export class RunHostError extends Error {
  override readonly name = "RunHostError";
  readonly kind: RunHostErrorKind;
  constructor(kind: RunHostErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * What starts, lists and steers runs: on this machine (`local-host.ts`) or behind `searchlight serve` on another (`http-host.ts`).
 * All methods throw `RunHostError`.
 */
export interface RunHost {
  list(signal: AbortSignal): Promise<RunSummary[]>;
  details(id: string, signal: AbortSignal): Promise<RunDetails>;
  /** Checks all that can be checked without starting: recipe, data, profile, corpus, engine address and token, model, disk. */
  check(recipeFile: string, signal: AbortSignal): Promise<{ problems: RecipeProblem[]; estimate?: RunEstimate }>;
  /**
   * Starts a detached run and returns once its control channel answers. The same `key` again joins the run it started.
   */
  launch(recipeFile: string, options: { key: string; dryRun?: boolean }, signal: AbortSignal): Promise<Launch>;
  /** Starts a stopped, failed or crashed run again from its last checkpoint. */
  resume(id: string, signal: AbortSignal): Promise<Launch>;
  act(id: string, action: RunAction, signal: AbortSignal): Promise<void>;
  /** Removes a run that does not live. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** Every event from a cursor on, then those to come, until the run ends or the signal fires. */
  events(id: string, from: number, signal: AbortSignal): AsyncIterable<RunEvent>;
  /** Trajectories of the run by id, or the latest. */
  trajectories(
    id: string,
    which: { ids: readonly string[] } | { latest: number },
    signal: AbortSignal,
  ): Promise<Trajectory[]>;
  /** Lines at the end of the run's log. */
  log(id: string, lines: number, signal: AbortSignal): Promise<string[]>;
  /** Adapter of a checkpoint as a PEFT archive (tar.gz bytes). */
  adapter(id: string, checkpoint: string, signal: AbortSignal): Promise<Uint8Array>;
}
