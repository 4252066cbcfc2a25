import type { Recipe } from "../../protocol/recipe.ts";
import type { RunTraining, TrainingParts } from "../training/loop/host.ts";
import type { RecipeProblem, RunEstimate } from "./run-host.ts";

/** A recipe whose engine runs and whose data is open. */
export interface OpenedRun {
  readonly parts: TrainingParts;
  /** Resolves with a sentence when the engine ends by itself; never for an engine that this process did not start. */
  readonly engineEnded: Promise<string>;
  /** Closes the data and ends the engine. Answers what of it still runs, one name each: nothing, where all went well. */
  close(): Promise<string[]>;
}

export interface OpenRunRequest {
  readonly recipe: Recipe;
  /** Folder that the recipe's paths are relative to. */
  readonly base: string;
  /** Folder of a local engine's own files: checkpoints of an earlier process of the run are in it. */
  readonly engineHome: string;
  /** The run's folder, for files that are made on the way. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what is being waited for. */
  readonly onProgress: (line: string) => void;
}

/** What a run does, bound by the program's entries; tests bind a loop of their own. */
export interface RunWork {
  open(request: OpenRunRequest): Promise<OpenedRun>;
  readonly train: RunTraining;
}

/** What can be found out of a recipe without starting it. */
export type CheckRecipe = (
  recipe: Recipe,
  base: string,
  signal: AbortSignal,
) => Promise<{ problems: RecipeProblem[]; estimate?: RunEstimate }>;
