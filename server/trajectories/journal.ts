import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RolloutEvent, applyRolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { isAlive, ownStart } from "../process-identity.ts";

/**
 * A running rollout as it is kept on disk: one file, a first line that names its process, then one event a line.
 * A process that dies leaves the file; whoever opens the store next recovers the trajectory up to the last whole line.
 */
const Owner = z.object({ pid: z.int(), start: z.string() });

const ulidPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

export interface Journal {
  append(event: RolloutEvent): void;
  /** Forces the journal to disk; the rollout is then safe from a crash of the process and of the machine. */
  close(): void;
}

/** Opens the journal of one trajectory. Ids are checked to be ULIDs, so that an id can never be a path. */
export function openJournal(home: string, id: string): Journal {
  if (!ulidPattern.test(id)) throw new Error(`not a ULID: ${id}`);
  mkdirSync(home, { recursive: true });
  const file = openSync(join(home, `${id}.jsonl`), "ax");
  appendFileSync(file, `${JSON.stringify({ pid: process.pid, start: ownStart() })}\n`);
  return {
    append(event) {
      appendFileSync(file, `${JSON.stringify(event)}\n`);
    },
    close() {
      fsyncSync(file);
      closeSync(file);
    },
  };
}

export interface Recovered {
  id: string;
  trajectory: Trajectory;
  /** The process that wrote it is still there, so the rollout may go on. */
  running: boolean;
}

/** Every journal of the folder as a trajectory; unreadable lines end a journal, unreadable journals are left out. */
export function readJournals(home: string): Recovered[] {
  if (!existsSync(home)) return [];
  const found: Recovered[] = [];
  for (const name of readdirSync(home)) {
    const id = name.replace(/\.jsonl$/, "");
    if (!name.endsWith(".jsonl") || !ulidPattern.test(id)) continue;
    const recovered = readJournal(join(home, name), id);
    if (recovered) found.push({ id, ...recovered });
  }
  return found;
}

export function removeJournal(home: string, id: string): void {
  if (ulidPattern.test(id)) rmSync(join(home, `${id}.jsonl`), { force: true });
}

/**
 * Removes journals without any event that no living process writes. One whose events cannot be read stays: a later
 * Searchlight may have written it.
 */
export function removeEmptyJournals(home: string, olderThanMilliseconds = 60_000): void {
  if (!existsSync(home)) return;
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    if (!name.endsWith(".jsonl")) continue;
    try {
      const file = statSync(path);
      if (!file.isFile() || Date.now() - file.mtimeMs <= olderThanMilliseconds) continue;
      const [first, ...events] = readFileSync(path, "utf8").split("\n");
      const owner = Owner.safeParse(parseLine(first));
      if (events.every((line) => line === "") && !(owner.success && isAlive(owner.data))) rmSync(path, { force: true });
    } catch {
      // Its owner removed it, or it may not be read: neither is in anyone's way.
    }
  }
}

function readJournal(path: string, id: string): { trajectory: Trajectory; running: boolean } | undefined {
  let lines: string[];
  try {
    lines = readFileSync(path, "utf8").split("\n");
  } catch {
    return undefined; // Its owner removed it between the listing and the reading.
  }
  const owner = Owner.safeParse(parseLine(lines[0]));
  if (!owner.success) return undefined;
  let trajectory: Trajectory | undefined;
  for (const line of lines.slice(1)) {
    const event = RolloutEvent.safeParse(parseLine(line));
    if (!event.success) break;
    const next = applyRolloutEvent(trajectory, event.data);
    // A journal that speaks of another trajectory than its own could write over that one in the table.
    if (next && next.id !== id) break;
    trajectory = next;
  }
  if (!trajectory) return undefined;
  return { trajectory, running: trajectory.status === "running" && isAlive(owner.data) };
}

function parseLine(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? "");
  } catch {
    return undefined;
  }
}
