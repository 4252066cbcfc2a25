import type { Trajectory } from "../../../protocol/trajectory.ts";

/** A trajectory as a record of a format, or why the format cannot hold it. */
export type Exported = { ok: true; record: Record<string, unknown> } | { ok: false; reason: string };

export interface ExportFormat {
  /** As `export --format` takes it, and as `source.format` names it. */
  name: string;
  /** What is written, in one line. */
  about: string;
  /** `lines`: a JSON record a line. `table`: one parquet table. `log`: one JSON object that holds all records in a list. */
  shape: "lines" | "table" | "log";
  record(trajectory: Trajectory): Exported;
}

/** Fields that a record of this format came with beside what the trajectory says. */
export function keptFields(trajectory: Trajectory, format: string): Record<string, unknown> {
  return trajectory.source?.format === format ? (trajectory.source.extra ?? {}) : {};
}
