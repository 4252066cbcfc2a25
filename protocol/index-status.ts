import { z } from "zod";
import { FolderRef } from "./place.ts";

export const IndexState = z.enum(["none", "scanning", "words-ready", "ready", "paused", "degraded", "failed"]);
export type IndexState = z.infer<typeof IndexState>;

export const SkippedFile = z.object({
  path: z.string(),
  reason: z.string(),
  /** Files that this entry stands for where it is not one: of a reason that very many have, only the first are named. */
  count: z.int().min(1).optional(),
});
export type SkippedFile = z.infer<typeof SkippedFile>;

export const IndexAction = z.enum(["update", "rebuild", "pause", "resume", "cancel", "prune", "retry"]);
export type IndexAction = z.infer<typeof IndexAction>;

/** A failure of an index: when, and one sentence. */
export const IndexFault = z.object({ at: z.iso.datetime(), message: z.string() });
export type IndexFault = z.infer<typeof IndexFault>;

/** `12 files skipped because: image (9), larger than 5 MiB (3)`, the most frequent reason first; undefined where none was. */
export function describeSkipped(skipped: readonly SkippedFile[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { reason, count = 1 } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + count);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const named = reasons.slice(0, mostReasons).map(([reason, count]) => `${reason} (${count})`);
  const rest = reasons.slice(mostReasons).reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) named.push(`other reasons (${rest})`);
  return `${total} ${total === 1 ? "file" : "files"} skipped because: ${named.join(", ")}`;
}

const mostReasons = 8;

/** State of one folder's index. */
export const IndexStatus = z.object({
  folder: FolderRef,
  state: IndexState,
  /** One sentence: why the state is what it is, and what to do where something can be done. */
  reason: z.string(),
  files: z.int().min(0),
  passages: z.int().min(0),
  vectors: z.object({ done: z.int().min(0), total: z.int().min(0) }),
  /** Passages per second of the phase in progress, and the seconds it still needs. */
  rate: z.number().optional(),
  etaSeconds: z.number().optional(),
  skipped: z.array(SkippedFile),
  embedder: z.object({ id: z.string(), dimension: z.int() }).nullable(),
  /** This process writes the index, or another one does and this one reads. */
  role: z.enum(["writer", "reader"]),
  /** Where the index is: a folder of this machine or the address of a store. */
  place: z.string().optional(),
  /** On disk. */
  bytes: z.number().optional(),
  /** What went wrong with this index of late, latest last. */
  errors: z.array(IndexFault).optional(),
  updatedAt: z.iso.datetime().optional(),
});
export type IndexStatus = z.infer<typeof IndexStatus>;
