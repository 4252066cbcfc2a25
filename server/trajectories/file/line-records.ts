import type { Trajectory } from "../../../protocol/trajectory.ts";
import { importRecord } from "../import/import-row.ts";

export interface LineRecord {
  trajectory?: Trajectory;
  /** Written by Searchlight. */
  own: boolean;
  /** Why it cannot be read; empty where it can. */
  reason: string;
}

/** The records of one line, in order; a line that is no JSON is one that cannot be read. */
export function recordsOf(line: Buffer, createdAt: string, number: number): LineRecord[] {
  let data: unknown;
  try {
    data = JSON.parse(line.toString("utf8").replace(/^\ufeff/u, ""));
  } catch {
    return [{ own: false, reason: "is no JSON" }];
  }
  const own = typeof data === "object" && data !== null && "segments" in data;
  const time = createdAt === "" ? new Date(0).toISOString() : createdAt;
  return importRecord(data, { fallbackId: `line-${number}`, createdAt: time }).map((result) =>
    result.ok
      ? { trajectory: result.row.trajectory, own, reason: "" }
      : { own, reason: `${result.field}: ${result.reason}` },
  );
}
