import { z } from "zod";
import { MaskVerdict } from "./mask-verdict.ts";
import type { Place } from "./place.ts";
import { Reward } from "./reward.ts";

/** Whether a file still has the content that a passage was made of. */
export const FileState = z.enum(["same", "changed", "gone"]);
export type FileState = z.infer<typeof FileState>;

/** What is worked out of a finished trajectory to be shown beside it. */
export const Inspection = z.object({
  /** Null where the trajectory's profile is not built in and so not at hand. */
  verdict: MaskVerdict.nullable(),
  /** The record's own reward, else that of the fitting reward profile where gold answers are known. */
  reward: Reward.nullable(),
  /** The files behind its hits, each with the content hash that the hits were made of; files of folders that are not open are left out. */
  files: z.array(z.object({ folder: z.string(), path: z.string(), contentHash: z.string(), state: FileState })),
});
export type Inspection = z.infer<typeof Inspection>;

/** Names one content of one file. */
export function fileKey({ folder, path, contentHash }: Pick<Place, "folder" | "path" | "contentHash">): string {
  return JSON.stringify([folder, path, contentHash]);
}
