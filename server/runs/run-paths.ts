import { join } from "node:path";
import { dataHome } from "../home.ts";

/** Where the runs of this machine are kept. */
export function runsHome(): string {
  return join(dataHome(), "runs");
}

/** Where recipes that were sent from another machine lie until their run is made. */
export function sentHome(home: string): string {
  return join(home, ".sent");
}

/** The files of a run's folder; `docs/runs.md` describes them. */
export interface RunPaths {
  readonly folder: string;
  readonly manifest: string;
  readonly recipe: string;
  readonly events: string;
  readonly trajectories: string;
  readonly trajectoryIndex: string;
  readonly process: string;
  readonly log: string;
  readonly reserve: string;
  readonly engine: string;
  readonly adapters: string;
  /** Files that were sent with a recipe from another machine. */
  readonly files: string;
}

export function runPaths(folder: string): RunPaths {
  return {
    folder,
    manifest: join(folder, "run.json"),
    recipe: join(folder, "recipe.jsonc"),
    events: join(folder, "events.jsonl"),
    trajectories: join(folder, "trajectories.jsonl"),
    trajectoryIndex: join(folder, "trajectories.index.jsonl"),
    process: join(folder, "process.json"),
    log: join(folder, "run.log"),
    reserve: join(folder, "reserve"),
    engine: join(folder, "engine"),
    adapters: join(folder, "adapters"),
    files: join(folder, "files"),
  };
}

/** Whether a text is a run's id: a ULID. Everything else must not become a path. */
export function isRunId(text: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text);
}
