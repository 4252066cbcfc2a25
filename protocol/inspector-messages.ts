import { z } from "zod";
import { notification } from "./message.ts";
import { Hit, Neighbours, SearchMode } from "./passage.ts";
import { FolderRef, Place } from "./place.ts";
import { fromViewer } from "./viewer-messages.ts";

const { ready, open, copy, reload, fault } = fromViewer;

/** What the page was set to, kept by the editor over a reload. */
export const InspectorState = z.object({
  query: z.string().max(10_000),
  mode: SearchMode,
  k: z.int().min(1).max(100),
});
export type InspectorState = z.infer<typeof InspectorState>;

/** The retrieval inspector to the extension host. */
export const fromInspector = {
  ready,
  open,
  copy,
  reload,
  fault,
  search: notification(
    "search",
    "One search of everything that is searched. A later one makes an earlier one's answer of no use.",
    InspectorState.extend({ seq: z.int().min(0) }),
  ),
  around: notification(
    "around",
    "What stands around a found passage in its file is wanted.",
    z.object({ passage: z.string(), place: Place }),
  ),
} as const;

/** Extension host to the retrieval inspector. */
export const toInspector = {
  state: notification(
    "state",
    "What is searched, and one sentence on why a search may miss something, or none.",
    z.object({ folders: z.array(FolderRef), note: z.string().optional() }),
  ),
  query: notification("query", "Put this into the query field and search for it.", z.object({ query: z.string() })),
  found: notification(
    "found",
    "What a search found, best first.",
    z.object({
      seq: z.int().min(0),
      hits: z.array(Hit),
      coverage: z.string().optional(),
      milliseconds: z.number().min(0),
    }),
  ),
  around: notification(
    "around",
    "The passages before and after a found one in its file, or why they cannot be had.",
    z.object({ passage: z.string(), neighbours: Neighbours.optional(), message: z.string().optional() }),
  ),
  searchFailed: notification(
    "searchFailed",
    "Why a search failed, in one sentence.",
    z.object({ seq: z.int().min(0), message: z.string() }),
  ),
} as const;
