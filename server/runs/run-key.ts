import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAlive, ownStart } from "../process-identity.ts";

const Claim = z.object({ id: z.string(), pid: z.int(), start: z.string() });

/** Who submitted with a key first: this caller, or another one whose run it is. */
export type KeyClaim = { mine: true } | { mine: false; id: string; launching: boolean };

/**
 * Binds a key to a run for good, or tells which run it is bound to. Making the file decides between two that try at once. A claim of a
 * process that died before it made the run's folder counts for nothing.
 */
export function claimKey(home: string, key: string, id: string): KeyClaim {
  mkdirSync(join(home, ".keys"), { recursive: true });
  const file = fileOf(home, key);
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify({ id, pid: process.pid, start: ownStart() }), { flag: "wx" });
      return { mine: true };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const claim = readClaim(file);
    if (claim && existsSync(join(home, claim.id))) return { mine: false, id: claim.id, launching: isAlive(claim) };
    if (claim && isAlive(claim)) return { mine: false, id: claim.id, launching: true };
    rmSync(file, { force: true });
  }
}

/** Frees a key whose run is removed, or never came to be. One that is bound to another run stays bound. */
export function freeKey(home: string, key: string, id: string): void {
  const file = fileOf(home, key);
  if (readClaim(file)?.id === id) rmSync(file, { force: true });
}

/** Frees every key that is bound to a run, for a run that does not tell its own. */
export function freeKeysOf(home: string, id: string): void {
  const folder = join(home, ".keys");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (readClaim(file)?.id === id) rmSync(file, { force: true });
  }
}

function fileOf(home: string, key: string): string {
  return join(home, ".keys", `${createHash("sha256").update(key).digest("hex")}.json`);
}

function readClaim(file: string): z.infer<typeof Claim> | undefined {
  try {
    return Claim.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
