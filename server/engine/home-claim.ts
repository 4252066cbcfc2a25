import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type ProcessIdentity, isAlive, ownStart } from "../process-identity.ts";

const Holder = z.object({ pid: z.int().min(1), start: z.string() });

/** The right to run an engine on a folder: one process has it, from before it starts the engine until that has ended. */
export type HomeClaim = { ok: true; release: () => void } | { ok: false; pid: number };

/** Takes the right, also from a holder that is gone. Two that try at once cannot both have it. */
export function claimHome(folder: string): HomeClaim {
  const path = join(folder, "engine.claim");
  const own: ProcessIdentity = { pid: process.pid, start: ownStart() };
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      // Exclusive creation decides.
      writeFileSync(path, JSON.stringify(own), { flag: "wx" });
      return { ok: true, release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = read(path);
    if (holder && isAlive(holder)) return { ok: false, pid: holder.pid };
    rmSync(path, { force: true });
  }
  return { ok: false, pid: 0 };
}

function read(path: string): ProcessIdentity | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
