import type { Trajectory } from "../../../protocol/trajectory.ts";
import { importRecord } from "../import/import-row.ts";
import { isRecord } from "../import/record-parts.ts";

/** Fields by which a trajectory is compared with its record; what depends on the reading of the file is not among them. */
const compared = [
  "text",
  "segments",
  "searches",
  "question",
  "golds",
  "answer",
  "tokens",
  "reward",
  "stop",
  "policy",
] as const;

/**
 * The record that a trajectory was read from, where it still says what the trajectory says: then an export to the same format
 * gives it back as it was, with all that no other program understands. Undefined where the trajectory was changed since.
 */
export function unchangedRecord(trajectory: Trajectory, format: string): Record<string, unknown> | undefined {
  const record = trajectory.source?.format === format ? trajectory.source.record : undefined;
  if (!isRecord(record)) return undefined;
  const read = importRecord(record, { fallbackId: trajectory.id, createdAt: trajectory.createdAt });
  const [only] = read;
  if (read.length !== 1 || !only?.ok) return undefined;
  const said = (each: Trajectory): string => JSON.stringify(compared.map((field) => each[field] ?? null));
  return said(only.row.trajectory) === said(trajectory) ? record : undefined;
}
