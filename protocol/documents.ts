import { z } from "zod";
import { SkippedFile } from "./index-status.ts";
import { FolderRef } from "./place.ts";

/**
 * How the fetching of a site stands. `waiting` is one that was cut off and goes on when it may; `failed` one that stopped by itself
 * before its end. What was fetched by then is kept and searched in every state.
 */
export const SiteState = z.enum(["waiting", "fetching", "paused", "done", "failed"]);
export type SiteState = z.infer<typeof SiteState>;

export const SiteProgress = z.object({
  state: SiteState,
  /** One sentence: why the state is what it is, and what to do where something can be done. */
  reason: z.string(),
  /** Pages that are kept. */
  pages: z.int().min(0),
  /** Pages that were found and are not fetched yet. */
  queued: z.int().min(0),
  /** Pages that are kept at most. */
  limit: z.int().min(1),
  /** Pages that were found and not kept: their number, and the latest of them with their reasons (`path` is the address). */
  leftOut: z.int().min(0),
  leftOutPages: z.array(SkippedFile),
});
export type SiteProgress = z.infer<typeof SiteProgress>;

/** What is searched together with a project: a folder of the workspace, or one that was added, or a site that was. */
export const DocumentSource = z.object({
  folder: FolderRef,
  kind: z.enum(["workspace", "folder", "site"]),
  /** Absolute path of a folder, address of a site. */
  location: z.string(),
  /** It is not on disk, so nothing of it is searched. */
  missing: z.boolean().optional(),
  site: SiteProgress.optional(),
});
export type DocumentSource = z.infer<typeof DocumentSource>;

export const siteLimits = { pages: 200, mostPages: 5000 } as const;

/** What a person adds. */
export const AddedSource = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), path: z.string().min(1) }),
  z.object({
    kind: z.literal("site"),
    address: z.string().min(1).max(2048),
    pages: z.int().min(1).max(siteLimits.mostPages).default(siteLimits.pages),
  }),
]);
export type AddedSource = z.infer<typeof AddedSource>;
