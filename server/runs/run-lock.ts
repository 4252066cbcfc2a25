import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type ProcessIdentity, isAlive, ownStart } from "../process-identity.ts";

const Holder = z.object({ pid: z.int(), start: z.string() });

/** A lock file is written at once after it is made; one that stays unreadable longer is left of a process that died in between. */
const writingMilliseconds = 5_000;

/**
 * Takes the right to be a run's process, which ends with the process. Locks are numbered and never removed: whoever finds the last
 * one's process gone tries to make the next number, which the file system gives to one only.
 */
export function lockRun(folder: string): { ok: true } | { ok: false; pid: number } {
  const number = lastNumber(folder);
  const holder = number < 0 ? undefined : readLock(folder, number);
  if (holder === "being-written") return { ok: false, pid: 0 };
  if (holder && isAlive(holder)) return { ok: false, pid: holder.pid };
  try {
    const own: ProcessIdentity = { pid: process.pid, start: ownStart() };
    writeFileSync(nameOf(folder, number + 1), JSON.stringify(own), { flag: "wx", mode: 0o600 });
    return { ok: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { ok: false, pid: 0 };
  }
}

/** The process that has the run, where one lives. */
export function runProcess(folder: string): ProcessIdentity | undefined {
  const number = lastNumber(folder);
  const holder = number < 0 ? undefined : readLock(folder, number);
  if (holder === "being-written") return { pid: 0, start: "" };
  return holder && isAlive(holder) ? holder : undefined;
}

function lastNumber(folder: string): number {
  const numbers = readdirSync(folder).flatMap((name) => {
    const found = /^lock\.(\d{1,9})\.json$/.exec(name)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
  return Math.max(-1, ...numbers);
}

function readLock(folder: string, number: number): ProcessIdentity | "being-written" | undefined {
  const file = nameOf(folder, number);
  try {
    const holder = Holder.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
    if (holder) return holder;
  } catch {
    // Looked at below.
  }
  return Date.now() - statSync(file).mtimeMs < writingMilliseconds ? "being-written" : undefined;
}

function nameOf(folder: string, number: number): string {
  return join(folder, `lock.${number}.json`);
}
