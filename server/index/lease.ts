import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAlive, ownStart } from "../process-identity.ts";

const Holder = z.object({ pid: z.int(), start: z.string(), token: z.string() });

const beatMilliseconds = 2_000;
/** A holder that has not beaten for this long is dead, suspended, or on another machine that went away. */
const deadMilliseconds = 15_000;

/** The right to write an index. One process has it; it beats while it lives, and a dead holder's right can be taken. */
export interface Lease {
  /** False once another process has taken over (this one was suspended for long). */
  held(): boolean;
  release(): void;
}

let counter = 0;

/** Takes the lease of a folder, or tells who has it. */
export function takeLease(folder: string): { ok: true; lease: Lease } | { ok: false; pid: number } {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "writer.json");
  const token = `${process.pid}-${counter++}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      // Exclusive creation decides between two processes that try at once.
      writeFileSync(path, JSON.stringify({ pid: process.pid, start: ownStart(), token }), { flag: "wx" });
      return { ok: true, lease: keep(path, token) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (holder && isAlive(holder) && !isSilent(path)) return { ok: false, pid: holder.pid };
    if (!holder && !isSilent(path, 1_000)) return { ok: false, pid: 0 };
    rmSync(path, { force: true });
  }
  return { ok: false, pid: 0 };
}

function keep(path: string, token: string): Lease {
  const held = (): boolean => readHolder(path)?.token === token;
  const timer = setInterval(() => {
    if (!held()) return clearInterval(timer);
    const time = new Date();
    try {
      utimesSync(path, time, time);
    } catch {
      // Taken away between the two calls, or a disk that has become read-only: the next beat or commit finds out.
    }
  }, beatMilliseconds);
  timer.unref();
  return {
    held,
    release() {
      clearInterval(timer);
      if (held()) rmSync(path, { force: true });
    },
  };
}

function readHolder(path: string): z.infer<typeof Holder> | undefined {
  try {
    return Holder.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function isSilent(path: string, limit = deadMilliseconds): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > limit;
  } catch {
    return true;
  }
}
