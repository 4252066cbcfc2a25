import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isAlive, ownStart } from "../process-identity.ts";

/** `host` is absent in what earlier versions wrote, which knew one machine alone. */
const Holder = z.object({ pid: z.int(), start: z.string(), token: z.string(), host: z.string().optional() });

const beatMilliseconds = 2_000;
/** A holder whose beat has not changed for this long is suspended, or on another machine that went away. */
const deadMilliseconds = 15_000;

/** The right to write an index. One process has it; it beats while it lives, and a dead holder's right can be taken. */
export interface Lease {
  /** False once another process has taken over (this one was suspended for long). */
  held(): boolean;
  release(): void | Promise<void>;
}

/** A lease by a file, which is given back at once. */
export interface FileLease extends Lease {
  release(): void;
}

let counter = 0;

/** Beats as this process has seen them, with when by its own monotonic clock: the wall clock may be set back or forward at any time. */
const seen = new Map<string, { beat: string; since: number }>();

/** Takes the lease of a folder, or tells who has it. */
export function takeLease(folder: string): { ok: true; lease: FileLease } | { ok: false; pid: number } {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "writer.json");
  const token = `${process.pid}-${counter++}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      // Exclusive creation decides between two processes that try at once.
      writeFileSync(path, JSON.stringify({ pid: process.pid, start: ownStart(), token, host: hostname() }), {
        flag: "wx",
      });
      return { ok: true, lease: keep(path, token) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (holder && mayLive(holder) && !isSilent(path, deadMilliseconds)) return { ok: false, pid: holder.pid };
    // A file without a holder is one that is being written, or that a full disk left empty.
    if (!holder && !isSilent(path, 1_000)) return { ok: false, pid: 0 };
    rmSync(path, { force: true });
  }
  return { ok: false, pid: 0 };
}

function keep(path: string, token: string): FileLease {
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

/** A process of another machine cannot be asked; its beat tells. */
function mayLive(holder: z.infer<typeof Holder>): boolean {
  return (holder.host ?? hostname()) !== hostname() || isAlive(holder);
}

/** True once the beat has stood still for that long, as this process saw it. */
function isSilent(path: string, limit: number): boolean {
  let beat: string;
  try {
    const { mtimeMs, ino } = statSync(path);
    beat = `${ino}-${mtimeMs}`;
  } catch {
    return true;
  }
  const known = seen.get(path);
  if (known?.beat !== beat) seen.set(path, { beat, since: performance.now() });
  return performance.now() - (seen.get(path)?.since ?? 0) > limit;
}
