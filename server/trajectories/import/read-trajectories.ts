import { stat } from "node:fs/promises";
import type { Profile } from "../../rollout/profile.ts";
import { fileRows } from "./file-rows.ts";
import { type ImportedRow, importRow } from "./import-row.ts";

/** A record that cannot be read: where, and why. */
export interface BadRow {
  line: number;
  field: string;
  reason: string;
}

export type ReadRow = { ok: true; line: number; row: ImportedRow } | ({ ok: false } & BadRow);

/** The trajectories of a file, in its order, whatever known form they have. Throws what the file system throws. */
export async function* readTrajectories(file: string, profile?: Profile): AsyncGenerator<ReadRow> {
  const createdAt = (await stat(file)).mtime.toISOString();
  for await (const row of fileRows(file)) {
    const { line } = row;
    if ("problem" in row) {
      yield { ok: false, line, field: "the line", reason: row.problem };
      continue;
    }
    const result = importRow(row.data, { fallbackId: `line-${line}`, createdAt, ...(profile ? { profile } : {}) });
    if (result.ok) yield { ok: true, line, row: result.row };
    else yield { ok: false, line, field: result.field, reason: result.reason };
  }
}
