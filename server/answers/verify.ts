import type { CitationStatus } from "../../protocol/answer.ts";
import type { Place } from "../../protocol/place.ts";
import { type Part, lineStarts, offsetAt, partAt, positionAt } from "../documents/document.ts";
import { normalise } from "../documents/normalise.ts";
import { findInFile, findInPart, textAt } from "../documents/read-place.ts";
import { readFileIn } from "../documents/reread.ts";
import type { Folder } from "../home.ts";

/** What re-reading the file said of a quote, and where the quote stands. */
export interface Verification {
  status: CitationStatus;
  /** Narrowed to the quote when verified or moved; the passage's own place otherwise. */
  place: Place;
}

/**
 * Re-reads a file from disk and looks for a quote: first at the place its passage was indexed at, then in the whole file.
 * "verified" is given only when the text read at the narrowed place equals the quote after normalisation, or holds it where
 * the place is a block of markup.
 */
export async function verifyQuote(folders: readonly Folder[], place: Place, quote: string): Promise<Verification> {
  const folder = folders.find(({ id }) => id === place.folder);
  if (!folder) return { status: "missing", place };
  const file = await readFileIn(folder, place.path);
  if (!file.ok) return { status: "missing", place };
  const part = partAt(file.document, place);
  const narrowed = part && narrow(part, { ...place, contentHash: file.contentHash }, quote);
  if (narrowed) return { status: "verified", place: narrowed };
  const found = await findInFile(folder, place.path, quote);
  return found ? { status: "moved", place: found } : { status: "stale", place };
}

/** The narrowest place inside `place` at which the file says the quote; undefined when it does not. */
function narrow(part: Part, place: Place, quote: string): Place | undefined {
  const starts = lineStarts(part.source);
  const length = part.source.length;
  const from = offsetAt(starts, length, { line: place.startLine, column: place.startColumn ?? 0 });
  const to = offsetAt(starts, length, { line: place.endLine, column: place.endColumn ?? Number.MAX_SAFE_INTEGER });
  const extracted = part.units.some((unit) => unit.text !== undefined);
  const units = part.units.filter((unit) => unit.start < to && unit.end > from);
  const range = extracted
    ? findInPart({ ...part, units }, quote)
    : shift(findInPart({ source: part.source.slice(from, to), units: [] }, quote), from);
  if (!range) return undefined;
  const start = positionAt(starts, range.start);
  const end = positionAt(starts, range.end);
  const exact: Place = {
    ...place,
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
  const said = normalise(textAt(part, exact));
  const wanted = normalise(quote);
  return (extracted ? said.includes(wanted) : said === wanted) ? exact : undefined;
}

function shift(
  range: { start: number; end: number } | undefined,
  by: number,
): { start: number; end: number } | undefined {
  return range && { start: range.start + by, end: range.end + by };
}
