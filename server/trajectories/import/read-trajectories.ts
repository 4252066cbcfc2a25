import { stat } from "node:fs/promises";
import type { Profile } from "../../rollout/profile.ts";
import { fileRows } from "./file-rows.ts";
import { importRecord } from "./import-row.ts";
import type { ImportContext, ImportResult, ImportedRow } from "./imported-trajectory.ts";
import { SpanCollector, isOtlp } from "./otel-spans.ts";
import { isRecord } from "./record-parts.ts";

/** A record that cannot be read: where, and why. */
export interface BadRow {
  line: number;
  field: string;
  reason: string;
}

export type ReadRow = { ok: true; line: number; row: ImportedRow } | ({ ok: false } & BadRow);

/**
 * The trajectories of a file, in its order, whatever known form they have; those of spans come last, since a trace may be spread
 * over the file. A record that cannot be read is told with its line, and the rest goes on. Throws what the file system throws.
 */
export async function* readTrajectories(
  file: string,
  profile?: Profile,
  tokenizer?: ImportContext["tokenizer"],
): AsyncGenerator<ReadRow> {
  const createdAt = (await stat(file)).mtime.toISOString();
  const context = (line: number): ImportContext => ({
    fallbackId: `line-${line}`,
    createdAt,
    ...(profile ? { profile } : {}),
    ...(tokenizer ? { tokenizer } : {}),
  });
  const spans = new SpanCollector();
  let lastSpans: number | undefined;
  for await (const row of fileRows(file)) {
    const { line } = row;
    if ("problem" in row) {
      yield { ok: false, line, field: "the line", reason: row.problem };
      continue;
    }
    const otlp = isRecord(row.data) && isOtlp(row.data);
    if (otlp) lastSpans = line;
    const results = otlp ? spans.add(row.data as Record<string, unknown>) : importRecord(row.data, context(line));
    for (const result of results) yield placed(result, line);
  }
  if (lastSpans === undefined) return;
  for (const result of spans.results(context(lastSpans))) yield placed(result, lastSpans);
}

function placed(result: ImportResult, line: number): ReadRow {
  return result.ok
    ? { ok: true, line, row: result.row }
    : { ok: false, line, field: result.field, reason: result.reason };
}
