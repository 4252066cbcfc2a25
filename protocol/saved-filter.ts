import { z } from "zod";
import { RowFilter, RowSort } from "./trajectory-file.ts";

/** A filter with its order, kept under a name for every file. */
export const SavedFilter = z.object({ name: z.string().trim().min(1).max(60), filter: RowFilter, sort: RowSort });
export type SavedFilter = z.infer<typeof SavedFilter>;

/** Saved filters by name; one of the same name is replaced. */
export function withSaved(before: readonly SavedFilter[], saved: SavedFilter): SavedFilter[] {
  const others = before.filter(({ name }) => name !== saved.name);
  return [...others, saved].sort((a, b) => (a.name < b.name ? -1 : 1));
}
