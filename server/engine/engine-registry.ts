import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dataHome } from "../home.ts";
import { type EngineRecord, engineHome, readRecord } from "./engine-home.ts";
import { orphansOf, recordIsLive } from "./orphans.ts";

const Entry = z.object({ home: z.string().min(1) });

/** An engine that was started and not stopped. */
export interface KnownEngine {
  readonly home: string;
  readonly record: EngineRecord;
  /** `orphan`: who started it is gone, and the engine runs. */
  readonly state: "held" | "orphan";
  /** Processes of it that run. */
  readonly processes: readonly number[];
}

/** Notes that an engine's files are in a folder, so that it can be found whoever looks. */
export function rememberHome(home: string): void {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(entryOf(home), JSON.stringify({ home }));
}

export function forgetHome(home: string): void {
  rmSync(entryOf(home), { force: true });
}

/** All engines of this user that run, oldest first. Entries of engines that are gone are removed. */
export function knownEngines(): KnownEngine[] {
  const engines: KnownEngine[] = [];
  for (const file of entries()) {
    const home = homeIn(join(folder(), file));
    const record = home === undefined ? undefined : readRecord({ record: join(home, "engine.json") });
    const state = record ? recordIsLive(record) : "ended";
    if (home !== undefined && record && state !== "ended")
      engines.push({ home, record, state, processes: orphansOf(record).map(({ pid }) => pid) });
    else rmSync(join(folder(), file), { force: true });
  }
  return engines.toSorted((a, b) => a.record.started.localeCompare(b.record.started));
}

/** The engine whose files are in the folder, if it runs. */
export function engineIn(home: string): KnownEngine | undefined {
  const record = readRecord(engineHome(home));
  const state = record ? recordIsLive(record) : "ended";
  return record && state !== "ended"
    ? { home, record, state, processes: orphansOf(record).map(({ pid }) => pid) }
    : undefined;
}

function folder(): string {
  return join(dataHome(), "engines");
}

function entryOf(home: string): string {
  return join(folder(), `${createHash("sha256").update(home).digest("hex").slice(0, 16)}.json`);
}

function entries(): string[] {
  try {
    return readdirSync(folder()).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function homeIn(file: string): string | undefined {
  try {
    return Entry.parse(JSON.parse(readFileSync(file, "utf8"))).home;
  } catch {
    return undefined;
  }
}
