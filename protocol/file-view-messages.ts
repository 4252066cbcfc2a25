import { z } from "zod";
import { notification } from "./message.ts";
import { SavedFilter } from "./saved-filter.ts";
import { FileRecord, RowPage, RowQuery } from "./trajectory-file.ts";
import { fromViewer, toViewer } from "./viewer-messages.ts";

const { ready, open, openLink, copy, copyLink, tokenTexts, annotate, collect, reload, asText, fault } = fromViewer;

/** The page of a file of trajectories to the extension host. The file is the editor's; the page names none. */
export const fromFileView = {
  ready,
  open,
  openLink,
  copy,
  copyLink,
  tokenTexts,
  annotate,
  collect,
  reload,
  asText,
  fault,
  rows: notification(
    "rows",
    "The page wants rows. The answer carries the same `request`; a later one of the same kind makes it needless.",
    z.object({ request: z.string(), query: RowQuery }),
  ),
  record: notification(
    "record",
    "The page wants one record, with its tokens where it shows them (they are most of a record's size); `against`: of the file that is compared with.",
    z.object({ key: z.int().min(0), tokens: z.boolean(), against: z.boolean().optional() }),
  ),
  compare: notification(
    "compare",
    "Compare with another file, which the person chooses, or with none any more.",
    z.object({ on: z.boolean() }),
  ),
  saveFilter: notification("saveFilter", "Keep a filter under a name.", SavedFilter),
  removeFilter: notification("removeFilter", "Forget a saved filter.", z.object({ name: z.string() })),
} as const;

/** Extension host to the page of a file of trajectories. */
export const toFileView = {
  tokenTexts: toViewer.tokenTexts,
  annotated: toViewer.annotated,
  file: notification(
    "file",
    "Which file it is, and that it may have changed; `select` is the id of the one record to list, `against` the name of the file it is compared with.",
    z.object({ name: z.string(), select: z.string().optional(), against: z.string().optional() }),
  ),
  rows: notification("rows", "Rows that were asked for.", z.object({ request: z.string(), page: RowPage })),
  record: notification(
    "record",
    "A record that was asked for; null when the file has changed and there is none.",
    z.object({
      key: z.int().min(0),
      tokens: z.boolean(),
      against: z.boolean().optional(),
      record: FileRecord.nullable(),
    }),
  ),
  savedFilters: notification(
    "savedFilters",
    "The filters that are kept under names.",
    z.object({ filters: z.array(SavedFilter) }),
  ),
  failed: notification(
    "failed",
    "The file could not be read: one sentence.",
    z.object({ message: z.string(), request: z.string().optional(), key: z.int().optional() }),
  ),
} as const;
