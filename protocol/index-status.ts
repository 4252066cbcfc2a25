import { z } from "zod";
import { FolderRef } from "./place.ts";

export const IndexState = z.enum(["none", "scanning", "words-ready", "ready", "paused", "degraded", "failed"]);
export type IndexState = z.infer<typeof IndexState>;

export const SkippedFile = z.object({ path: z.string(), reason: z.string() });
export type SkippedFile = z.infer<typeof SkippedFile>;

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
  bytes: z.number().optional(),
  updatedAt: z.iso.datetime().optional(),
});
export type IndexStatus = z.infer<typeof IndexStatus>;
