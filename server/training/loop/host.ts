import type { Recipe } from "../../../protocol/recipe.ts";
import type { RunCheckpoint, RunEventBody, RunSpending } from "../../../protocol/run.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { EvaluationQuestion } from "../../evaluation/data-sets/question.ts";
import type { TextTokenizer } from "../../models/tokenizer.ts";
import type { Retriever } from "../../retrieval/retriever.ts";
import type { Profile } from "../../rollout/profile.ts";
import type { TrainingEngine } from "../engine.ts";

/**
 * Where a run stands at a checkpoint: all that a later process needs to go on as if it had never ended. Written by the loop into the
 * checkpoint record and given back to it as it was; JSON.
 */
export interface TrainingPosition {
  /** Iterations done, over all stages; the next has this number. */
  iteration: number;
  supervisedStep: number;
  /** Optimiser steps done in the current stage. */
  stageStep: number;
  klCoefficient: number;
  /** Groups drawn so far in the current stage, resampled ones counted: where the order of questions goes on. */
  drawn: number;
  best?: { score: number; iteration: number; checkpoint: string };
  /** Evaluations since the best. */
  sinceBest: number;
  spending: RunSpending;
  /** Iterations in a row in which each monitor was out of its bounds. */
  monitors: Record<string, number>;
}

/** A checkpoint with what a resume needs. */
export interface SavedCheckpoint {
  checkpoint: RunCheckpoint;
  position: TrainingPosition;
}

/** What somebody asked of a run while it runs; looked at between phases and between calls to the engine. */
export type Asked = "go-on" | "pause" | "stop" | "checkpoint";

/** What keeps a run: the loop tells it everything and asks it what people want. Implemented by the run process. */
export interface TrainingHost {
  /** On disk when it returns. Throws where the disk refuses. */
  record(event: RunEventBody): void;
  /** On disk when it returns; ids are unique in the run, a repeated id replaces. */
  keep(trajectories: Iterable<Trajectory>): void;
  /** Records the checkpoint event with its position in one durable step. */
  acknowledge(saved: SavedCheckpoint): void;
  /** Keeps an adapter archive; answers its path relative to the run's folder. */
  keepArchive(name: string, bytes: Uint8Array): string;
  asked(): Asked;
  /** Resolves when a pause ends, with what is asked then. */
  whilePaused(signal: AbortSignal): Promise<Asked>;
}

/** The questions of one set or mixture, ready to draw from. */
export interface WeightedQuestions {
  readonly questions: readonly EvaluationQuestion[];
  readonly weight: number;
}

/** A recipe with everything it names opened and checked. */
export interface TrainingParts {
  readonly recipe: Recipe;
  /** The recipe's profile with the recipe's limits in it. */
  readonly profile: Profile;
  readonly engine: TrainingEngine;
  readonly tokenizer: TextTokenizer;
  /** Ids that end a text by the model's own word. */
  readonly endIds: readonly number[];
  readonly retriever: Retriever;
  /** Training questions of each stage, in the order of the stages. */
  readonly stages: readonly (readonly WeightedQuestions[])[];
  readonly evaluation: readonly EvaluationQuestion[];
  /** Trajectories of the supervised start, read and filtered; may be many. */
  readonly supervised: readonly Trajectory[];
}

/** How the loop ended by itself; errors it cannot name are thrown. */
export type TrainingEnd =
  | { outcome: "done"; reason: string }
  | { outcome: "stopped"; reason: string }
  | { outcome: "failed"; reason: string };

/**
 * Runs a recipe from its start, or from a checkpoint. The entry is `runTraining` of `run-training.ts` beside this file:
 * `(parts, host, from: SavedCheckpoint | undefined, signal) => Promise<TrainingEnd>`.
 */
export type RunTraining = (
  parts: TrainingParts,
  host: TrainingHost,
  from: SavedCheckpoint | undefined,
  signal: AbortSignal,
) => Promise<TrainingEnd>;
