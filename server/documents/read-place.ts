import type { Place } from "../../protocol/place.ts";
import type { Folder } from "../home.ts";
import { type Part, lineStarts, offsetAt, partAt, partKey, positionAt } from "./document.ts";
import { normalise } from "./normalise.ts";
import { textOf } from "./passages.ts";
import { readFileIn } from "./reread.ts";

export type PlaceText = { ok: true; text: string; contentHash: string } | { ok: false; reason: string };

/** The document's text at a place, read from disk and extracted as it was for the index. */
export async function readPlace(folder: Folder, place: Place): Promise<PlaceText> {
  const file = await readFileIn(folder, place.path);
  if (!file.ok) return file;
  const part = partAt(file.document, place);
  if (!part) return { ok: false, reason: `${place.path} has no such ${place.page === undefined ? "cell" : "page"}` };
  return { ok: true, text: textAt(part, place), contentHash: file.contentHash };
}

/** The text of a part at a place: the source between two positions, or the units in between where text was taken out of markup. */
export function textAt(part: Part, place: Place): string {
  const starts = lineStarts(part.source);
  const length = part.source.length;
  const start = offsetAt(starts, length, { line: place.startLine, column: place.startColumn ?? 0 });
  const end = offsetAt(starts, length, { line: place.endLine, column: place.endColumn ?? Number.MAX_SAFE_INTEGER });
  const extracted = part.units.some((unit) => unit.text !== undefined);
  if (!extracted) return part.source.slice(start, end);
  const units = part.units.filter((unit) => unit.start < end && unit.end > start);
  return units.length === 0 ? "" : textOf(part, units);
}

/**
 * The first place in a file where a quote occurs, compared after normalisation; the place is the narrowest range of
 * lines and columns that holds it (whole blocks where text was taken out of markup).
 */
export async function findInFile(folder: Folder, path: string, quote: string): Promise<Place | undefined> {
  const file = await readFileIn(folder, path);
  if (!file.ok) return undefined;
  for (const part of file.document.parts) {
    const range = findInPart(part, quote);
    if (!range) continue;
    const starts = lineStarts(part.source);
    const from = positionAt(starts, range.start);
    const to = positionAt(starts, range.end);
    return {
      folder: folder.id,
      path,
      startLine: from.line,
      endLine: to.line,
      startColumn: from.column,
      endColumn: to.column,
      ...partKey(part),
      headings: [...(part.units.findLast((unit) => unit.start <= range.start)?.headings ?? [])],
      contentHash: file.contentHash,
    };
  }
  return undefined;
}

/** Source range of the first occurrence of a quote in a part. */
export function findInPart(part: Part, quote: string): { start: number; end: number } | undefined {
  const wanted = normalise(quote);
  if (wanted === "") return undefined;
  if (part.units.some((unit) => unit.text !== undefined)) {
    const single = part.units.find((unit) => normalise(unit.text ?? "").includes(wanted));
    if (single) return { start: single.start, end: single.end };
    for (let first = 0; first < part.units.length; first++) {
      // A run of units is long enough when all but its first could hold the quote by themselves.
      let length = 0;
      for (let count = 2; first + count <= part.units.length && length <= wanted.length; count++) {
        const units = part.units.slice(first, first + count);
        if (normalise(textOf(part, units)).includes(wanted)) return { start: units[0]!.start, end: units.at(-1)!.end };
        length += units.at(-1)!.text?.length ?? 0;
      }
    }
    return undefined;
  }
  return findNormalised(part.source, wanted);
}

/** Range of the source whose normalised form is `wanted`: words matched one by one with any white space between them. */
function findNormalised(source: string, wanted: string): { start: number; end: number } | undefined {
  const pattern = wanted
    .split(" ")
    .map((word) => [word, word.normalize("NFD")].map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")))
    .map(([composed, decomposed]) => (composed === decomposed ? composed! : `(?:${composed!}|${decomposed!})`))
    .join("\\s+");
  const match = new RegExp(pattern, "u").exec(source);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}
