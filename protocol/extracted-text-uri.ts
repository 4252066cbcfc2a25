import { z } from "zod";
import type { Place } from "./place.ts";

/** Scheme of the text that was taken out of a file without lines of its own: a read-only document that the extension shows. */
export const extractedTextScheme = "searchlight-text";

/** Which text: a file of an indexed folder, and the page of it where the file has pages. */
const ExtractedText = z.object({ folder: z.string(), path: z.string(), page: z.int().min(1).optional() });
export type ExtractedText = z.infer<typeof ExtractedText>;

/** Whether a place counts the lines of extracted text, which the editor cannot show in the file itself. */
export function isExtracted({ path }: Pick<Place, "path">): boolean {
  return /\.(?:pdf|docx)$/i.test(path);
}

/** Address of the text that a place is in, with a name for its tab. */
export function extractedTextUri({ folder, path, page }: Pick<Place, "folder" | "path" | "page">): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const label = page === undefined ? `${name}.txt` : `${name}, page ${page}.txt`;
  const which: ExtractedText = { folder, path, ...(page === undefined ? {} : { page }) };
  return `${extractedTextScheme}:/${encodeURIComponent(label)}?${encodeURIComponent(JSON.stringify(which))}`;
}

/** What such an address names, from its query as the editor decodes it; undefined for every other. */
export function extractedTextOf(query: string): ExtractedText | undefined {
  let data: unknown;
  try {
    data = JSON.parse(query);
  } catch {
    return undefined;
  }
  return ExtractedText.safeParse(data).data;
}
