import { createReadStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Trajectory } from "../../../protocol/trajectory.ts";
import { openDurableLines, replaceFile, syncFolder } from "../../durable-lines.ts";
import { type Difference, RunManifest, differences } from "./manifest.ts";
import { EvaluationRow, hasFailed } from "./row.ts";

/** A result folder cannot be used: one sentence that says why and what to do. */
export class RunFolderError extends Error {
  override readonly name = "RunFolderError";
}

/** The result folder of one run, open for writing. One process at a time; whoever opens it sees to that. */
export interface RunFolder {
  readonly path: string;
  /** Rows on disk by question id; the last of a question counts. */
  readonly rows: ReadonlyMap<string, EvaluationRow>;
  /** Whether the question needs no asking: it has a row, and the row is no failure of what the policy leans on. */
  isDone(id: string): boolean;
  /** Appends trajectory, then row; both are on disk when it returns. Throws `RunFolderError` where the disk refuses them. */
  append(row: EvaluationRow, trajectory: Trajectory): void;
  /** Replaces the summary in one step. */
  writeSummary(summary: object): void;
  close(): void;
}

const names = {
  manifest: "run.json",
  rows: "rows.jsonl",
  trajectories: "trajectories.jsonl",
  summary: "summary.json",
} as const;

/**
 * Opens or makes the result folder of a run. Throws `RunFolderError` where the folder holds another run, naming the first
 * field that differs.
 */
export function openRunFolder(path: string, manifest: RunManifest): RunFolder {
  mkdirSync(path, { recursive: true });
  const known = existsSync(join(path, names.manifest)) ? readManifest(path) : undefined;
  const unlike = known ? differences(known, manifest)[0] : undefined;
  if (unlike)
    throw new RunFolderError(`${path} holds another run: ${differs(unlike)}; give another folder with --out.`);
  if (!known) replace(join(path, names.manifest), manifest);
  const rows = new Map(readRows(path).map((row) => [row.id, row]));
  const rowFile = openDurableLines(join(path, names.rows));
  const trajectoryFile = openDurableLines(join(path, names.trajectories));
  syncFolder(path);
  return {
    path,
    rows,
    isDone: (id) => {
      const row = rows.get(id);
      return row !== undefined && !hasFailed(row);
    },
    append(row, trajectory) {
      try {
        trajectoryFile.append([JSON.stringify(trajectory)]);
        rowFile.append([JSON.stringify(row)]);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (typeof code !== "string") throw error;
        throw new RunFolderError(
          `${path} cannot be written (${code}); make room for it and run the same command again.`,
          { cause: error },
        );
      }
      rows.set(row.id, row);
    },
    writeSummary: (summary) => replace(join(path, names.summary), summary),
    close() {
      rowFile.close();
      trajectoryFile.close();
    },
  };
}

/** A run as it stands on disk. */
export interface Run {
  path: string;
  manifest: RunManifest;
  rows: EvaluationRow[];
}

/** Reads a result folder. Throws `RunFolderError` where it is none. */
export function readRun(path: string): Run {
  if (!existsSync(join(path, names.manifest)))
    throw new RunFolderError(`${path} holds no run.json; give a result folder of searchlight evaluate.`);
  const manifest = readManifest(path);
  return { path, manifest, rows: [...new Map(readRows(path).map((row) => [row.id, row])).values()] };
}

/**
 * Trajectories of a run by id, read in one pass; one that the folder does not hold, or that cannot be read, is left out. The last of an
 * id counts.
 */
export async function runTrajectories(
  { path }: Pick<Run, "path">,
  ids: ReadonlySet<string>,
): Promise<Map<string, Trajectory>> {
  const found = new Map<string, Trajectory>();
  const file = join(path, names.trajectories);
  if (ids.size === 0 || !existsSync(file)) return found;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const trajectory = recordOf(line);
    if (trajectory && ids.has(trajectory.id)) found.set(trajectory.id, trajectory);
  }
  return found;
}

/** Undefined for a line that was cut off or holds something else. */
function recordOf(line: string): Trajectory | undefined {
  try {
    return Trajectory.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** `corpus.hash is "a" there and "b" here`. */
export function differs({ field, first, second }: Difference): string {
  return `${field} is ${JSON.stringify(first)} there and ${JSON.stringify(second)} here`;
}

function readManifest(path: string): RunManifest {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(join(path, names.manifest), "utf8"));
  } catch {
    throw new RunFolderError(`${join(path, names.manifest)} is damaged; give another folder.`);
  }
  const parsed = RunManifest.safeParse(data);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]!.path.map(String).join(".") || "the whole file";
  throw new RunFolderError(
    `${join(path, names.manifest)} was written by another version of Searchlight or is damaged at ${field}; give another folder.`,
  );
}

/** Every whole row. A line that is none, or that its line feed is missing from, is left out: its question is asked again. */
function readRows(path: string): EvaluationRow[] {
  const file = join(path, names.rows);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => {
      try {
        return [EvaluationRow.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
}

function replace(file: string, value: object): void {
  replaceFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
