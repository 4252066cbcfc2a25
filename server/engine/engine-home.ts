import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { backends, devices } from "./trainer-project.ts";

/** Files of one engine: what it must find again after a restart, and what is known of its processes. */
export interface EngineHome {
  readonly folder: string;
  /** SQLite; it also knows which checkpoints there are, so it is kept with them. */
  readonly database: string;
  readonly checkpoints: string;
  readonly log: string;
  readonly record: string;
}

export function engineHome(folder: string): EngineHome {
  mkdirSync(join(folder, "checkpoints"), { recursive: true });
  return {
    folder,
    database: join(folder, "engine.db"),
    checkpoints: join(folder, "checkpoints"),
    log: join(folder, "engine.log"),
    record: join(folder, "engine.json"),
  };
}

const Identity = z.object({ pid: z.int().min(1), start: z.string() });

/** What is known of an engine's processes: written when it starts, filled when it is ready, removed when it is stopped. */
const EngineRecord = z.object({
  url: z.string(),
  model: z.string(),
  backend: z.enum(backends),
  device: z.enum(devices).default("cpu"),
  /** What started it: a person's command, or a run. */
  owner: z.enum(["command", "run"]),
  /** Who started it and would stop it. */
  starter: Identity,
  /** First process of the group; its number is the group's. */
  leader: Identity,
  /** The others of the group, known once it is ready. */
  members: z.array(Identity),
  started: z.string(),
});
export type EngineRecord = z.infer<typeof EngineRecord>;

/** Replaces the record in one step. */
export function writeRecord(home: EngineHome, record: EngineRecord): void {
  const scratch = `${home.record}.${process.pid}`;
  writeFileSync(scratch, JSON.stringify(record));
  renameSync(scratch, home.record);
}

/** The record of an engine that was started in the folder and not stopped; undefined where there is none or it is no record. */
export function readRecord(home: Pick<EngineHome, "record">): EngineRecord | undefined {
  if (!existsSync(home.record)) return undefined;
  try {
    return EngineRecord.parse(JSON.parse(readFileSync(home.record, "utf8")));
  } catch {
    return undefined;
  }
}

export function removeRecord(home: EngineHome): void {
  rmSync(home.record, { force: true });
}
