import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { IndexFault } from "../../protocol/index-status.ts";
import { replaceFile } from "../durable-lines.ts";

const kept = 20;
const longest = 2_000;

/** The last failures of an index, latest last, in a file beside what else this machine keeps of it: whoever opens it later is told of them. */
export function readFaults(home: string): IndexFault[] {
  try {
    return z
      .array(IndexFault)
      .parse(JSON.parse(readFileSync(fileIn(home), "utf8")))
      .slice(-kept);
  } catch {
    return [];
  }
}

/** Writes a failure down and gives all of them. Where nothing can be written, which may be the failure itself, they are only given. */
export function addFault(home: string, error: unknown): IndexFault[] {
  const message = (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, longest);
  const faults = [...readFaults(home), { at: new Date().toISOString(), message }].slice(-kept);
  try {
    mkdirSync(home, { recursive: true });
    replaceFile(fileIn(home), `${JSON.stringify(faults)}\n`);
  } catch {}
  return faults;
}

function fileIn(home: string): string {
  return join(home, "faults.json");
}
