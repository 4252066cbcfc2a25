import { z } from "zod";

/**
 * Where a piece of text stands in a file.
 *
 * Lines are 1-based and inclusive; columns are 0-based UTF-16 code units on those lines, the end column exclusive.
 * Re-reading the file at the place gives the text it was made from, as long as the file's content hash is unchanged.
 */
export const Place = z.object({
  /** Id of the indexed folder (see `FolderRef`); never a path. */
  folder: z.string(),
  /** Path relative to the folder, forward slashes. */
  path: z.string(),
  startLine: z.int().min(1),
  endLine: z.int().min(1),
  startColumn: z.int().min(0).optional(),
  endColumn: z.int().min(0).optional(),
  /** 1-based page, for formats that have pages. */
  page: z.int().min(1).optional(),
  /** 0-based notebook cell. Lines then count inside the cell's source. */
  cell: z.int().min(0).optional(),
  /** Headings above the text, outermost first. */
  headings: z.array(z.string()),
  /** SHA-256 (hex) of the file's bytes when the place was made. */
  contentHash: z.string(),
});
export type Place = z.infer<typeof Place>;

/** An indexed folder: a stable id and a name to show. The server alone knows the absolute path behind the id. */
export const FolderRef = z.object({ id: z.string(), name: z.string() });
export type FolderRef = z.infer<typeof FolderRef>;

/** `guide/domes.md:40-52`, or `:40` for one line; pages and cells are named where the format has them. */
export function formatPlace(place: Pick<Place, "path" | "startLine" | "endLine" | "page" | "cell">): string {
  const lines = place.endLine > place.startLine ? `${place.startLine}-${place.endLine}` : `${place.startLine}`;
  const page = place.page === undefined ? "" : ` (page ${place.page})`;
  const cell = place.cell === undefined ? "" : ` (cell ${place.cell + 1})`;
  return `${place.path}:${lines}${page}${cell}`;
}
