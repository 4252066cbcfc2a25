import { readFileSync } from "node:fs";

export type Lance = typeof import("@lancedb/lancedb");
type Session = InstanceType<Lance["Session"]>;

export type LanceLoad = { ok: true; lance: Lance } | { ok: false; reason: string };

let loaded: Promise<LanceLoad> | undefined;

/**
 * Bytes of the caches of a connection. A hundred different searches of 100,000 passages need 33 MiB, of a million 200 MiB, and of a million that are
 * edited 380 MiB; with less a search takes up to twice as long.
 */
const cacheBytes = { index: 256 * 2 ** 20, metadata: 32 * 2 ** 20 };
const cacheShare = 0.25;

/**
 * Caches for one connection to what takes so many bytes on disk. By default they may take seven gigabytes, and a server in whose folder files are
 * saved all day comes to that: what a fold replaces stays in them. Each connection has its own: with them goes how a store was reached, so that who
 * shares them is let in by the key of another, and a table that is made anew at the same path may be taken for the one before.
 */
export function lanceSession({ Session: Caches }: Lance, bytesOnDisk = 0): Session {
  const index = Math.max(cacheBytes.index, Math.round(cacheShare * bytesOnDisk));
  return new Caches(BigInt(index), BigInt(cacheBytes.metadata));
}

/**
 * LanceDB, loaded on first use. Its x64 binaries use AVX2 and FMA and end the process with an illegal instruction on
 * processors without them, which no JavaScript can catch, so the processor is asked first.
 */
export function loadLance(): Promise<LanceLoad> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<LanceLoad> {
  const missing = missingInstructions();
  if (missing.length > 0) {
    return { ok: false, reason: `This processor lacks ${missing.join(" and ")}, which LanceDB needs.` };
  }
  // LanceDB warns on standard error about every query that does not select the score column.
  process.env["LANCEDB_LOG"] ??= "error";
  try {
    return { ok: true, lance: await import("@lancedb/lancedb") };
  } catch (error) {
    const detail = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { ok: false, reason: `LanceDB has no binary for ${process.platform}-${process.arch} here (${detail}).` };
  }
}

/** Instruction sets that LanceDB needs and the processor lacks; empty where it has them or the system does not tell. */
export function missingInstructions(cpuinfo = readCpuinfo()): string[] {
  if (process.env["SEARCHLIGHT_ASSUME_NO_AVX2"]) return ["AVX2"];
  if (process.arch !== "x64" || cpuinfo === undefined) return [];
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/);
  if (!flags) return [];
  return [
    ["avx2", "AVX2"],
    ["fma", "FMA"],
  ].flatMap(([flag, name]) => (flags.includes(flag!) ? [] : [name!]));
}

function readCpuinfo(): string | undefined {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return undefined;
  }
}
