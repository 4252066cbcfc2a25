import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, truncateSync } from "node:fs";
import { z } from "zod";
import { Trajectory } from "../../protocol/trajectory.ts";
import { type DurableLines, type Line, openDurableLines } from "../durable-lines.ts";
import { wholeLines } from "./event-log.ts";
import type { RunPaths } from "./run-paths.ts";
import { trajectoryLine } from "./trajectory-line.ts";

const Entry = z.object({ id: z.string(), start: z.int().min(0), bytes: z.int().min(1) });
type Entry = z.infer<typeof Entry>;

/** A run's trajectories, open for writing by its process. */
export interface TrajectoryStore {
  /** On disk when it returns. */
  keep(trajectories: Iterable<Trajectory>): void;
  close(): void;
}

/**
 * Opens `trajectories.jsonl` and its index, where each record begins. The index is derived: what a process that died left out of it is
 * added, and what it says of records that are not there is cut off.
 */
export function openTrajectoryStore(paths: RunPaths): TrajectoryStore {
  const records = openDurableLines(paths.trajectories);
  const index = mendIndex(paths, records);
  return {
    keep(trajectories) {
      const ids: string[] = [];
      const starts = records.append(linesOf(trajectories, ids));
      if (ids.length > 0)
        index.append(ids.map((id, at) => entryLine(id, starts[at]!, (starts[at + 1] ?? records.size) - 1)));
    },
    close() {
      records.close();
      index.close();
    },
  };
}

function mendIndex(paths: RunPaths, records: DurableLines): DurableLines {
  const entries = existsSync(paths.trajectoryIndex) ? readEntries(readFileSync(paths.trajectoryIndex, "utf8")) : [];
  const sound = entries?.every(({ start, bytes }) => start + bytes < records.size) ?? false;
  if (!sound && existsSync(paths.trajectoryIndex)) truncateSync(paths.trajectoryIndex);
  const index = openDurableLines(paths.trajectoryIndex);
  const last = sound ? entries?.at(-1) : undefined;
  const descriptor = openSync(paths.trajectories, "r");
  try {
    let start = last ? last.start + last.bytes + 1 : 0;
    for (const { line, end } of wholeLines(descriptor, start)) {
      const id = idOf(line);
      if (id !== undefined) index.append([entryLine(id, start, end - 1)]);
      start = end;
    }
  } finally {
    closeSync(descriptor);
  }
  return index;
}

/** Reads a run's trajectories by ranges; it may be written meanwhile by the run's process. */
export class TrajectoryReader {
  readonly #paths: RunPaths;
  readonly #entries = new Map<string, Entry>();
  #read = 0;

  constructor(paths: RunPaths) {
    this.#paths = paths;
  }

  /** Those with these ids, in their order; one that is not kept is left out. */
  byId(ids: readonly string[]): Trajectory[] {
    this.#refresh();
    return this.#records(ids.map((id) => this.#entries.get(id)).filter((entry) => entry !== undefined));
  }

  /** The last ones, oldest first. */
  latest(count: number): Trajectory[] {
    this.#refresh();
    return this.#records(count <= 0 ? [] : [...this.#entries.values()].slice(-count));
  }

  #refresh(): void {
    const file = this.#paths.trajectoryIndex;
    if (!existsSync(file)) return;
    // A resume may have made the index again.
    if (statSync(file).size < this.#read) {
      this.#read = 0;
      this.#entries.clear();
    }
    const descriptor = openSync(file, "r");
    try {
      for (const { line, end } of wholeLines(descriptor, this.#read)) {
        this.#read = end;
        const entry = readEntries(line)?.[0];
        if (!entry) continue;
        // A repeated id replaces, and counts as the latest.
        this.#entries.delete(entry.id);
        this.#entries.set(entry.id, entry);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  #records(entries: readonly Entry[]): Trajectory[] {
    if (entries.length === 0 || !existsSync(this.#paths.trajectories)) return [];
    const descriptor = openSync(this.#paths.trajectories, "r");
    try {
      return entries.flatMap(({ start, bytes }) => {
        const buffer = Buffer.alloc(bytes);
        const read = readSync(descriptor, buffer, 0, bytes, start);
        try {
          const parsed = Trajectory.safeParse(JSON.parse(buffer.toString("utf8", 0, read)));
          return parsed.success ? [parsed.data] : [];
        } catch {
          return [];
        }
      });
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Lines that are made one by one as they are written, so that an iteration's text is never held whole. */
function* linesOf(trajectories: Iterable<Trajectory>, ids: string[]): Generator<Line> {
  for (const trajectory of trajectories) {
    ids.push(trajectory.id);
    yield trajectoryLine(trajectory);
  }
}

/** `end`: the byte of the record's line feed. */
function entryLine(id: string, start: number, end: number): string {
  return JSON.stringify({ id, start, bytes: end - start } satisfies Entry);
}

/** The entries of an index, or undefined where a line is none. */
function readEntries(text: string): Entry[] | undefined {
  try {
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Entry.parse(JSON.parse(line)));
  } catch {
    return undefined;
  }
}

function idOf(line: string): string | undefined {
  try {
    return z.object({ id: z.string() }).safeParse(JSON.parse(line)).data?.id;
  } catch {
    return undefined;
  }
}
