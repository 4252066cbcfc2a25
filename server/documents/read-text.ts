import { type ReadDocument, type Unit, trimmedEnd } from "./document.ts";

/** Plain text: a unit is a paragraph, which ends at an empty line. */
export function readText(source: string, fallbackTitle: string): ReadDocument {
  const units: Unit[] = [];
  const paragraph = /[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*/g;
  for (const match of source.matchAll(paragraph)) {
    const start = match.index;
    units.push({ start, end: trimmedEnd(source, start, start + match[0].length), headings: [], isHeading: false });
  }
  return { title: fallbackTitle, parts: [{ source, units }] };
}
