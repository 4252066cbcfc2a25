import type { Line } from "./page-lines.ts";

/** An entry of a PDF's outline (its bookmarks): the title in the form of `headingKey`, and its depth from 1. */
export type Outline = ReadonlyMap<string, number>;

const longestHeading = 200;
const mostLines = 3;
const mostLevels = 6;

/** How a heading on the page and its entry in the outline are compared: letters and digits without a leading number. */
export function headingKey(text: string): string {
  const letters = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return letters.replace(/^(?:(?:chapter|section|appendix)\s+)?(?:\d+\s+)+/u, "") || letters;
}

/** The size that most of a document's characters have. */
export function bodySize(lines: readonly Line[]): number {
  const counts = new Map<number, number>();
  for (const { size, text } of lines) counts.set(size, (counts.get(size) ?? 0) + text.length);
  let body = 0;
  for (const [size, count] of counts) if (count > (counts.get(body) ?? 0)) body = size;
  return body;
}

/**
 * Says of a paragraph at which level it is a heading, from 1; 0 for text. The outline decides where it names headings;
 * without one they are what is set larger than the body, the largest size first.
 */
export function headingLevels(
  paragraphs: readonly (readonly Line[])[],
  outline: Outline,
  body: number,
): (lines: readonly Line[]) => number {
  const titleOf = (lines: readonly Line[]): string => lines.map(({ text }) => text).join(" ");
  const short = (lines: readonly Line[]): boolean =>
    lines.length <= mostLines && titleOf(lines).length <= longestHeading && /\p{L}/u.test(titleOf(lines));
  const large = (lines: readonly Line[]): boolean => lines[0]!.size >= body * 1.12;
  const named = (lines: readonly Line[]): number => (short(lines) ? (outline.get(headingKey(titleOf(lines))) ?? 0) : 0);
  if (paragraphs.some((lines) => named(lines) > 0)) return named;
  const sizes = [...new Set(paragraphs.filter((lines) => short(lines) && large(lines)).map((lines) => lines[0]!.size))];
  sizes.sort((a, b) => b - a);
  return (lines) => (short(lines) && large(lines) ? Math.min(sizes.indexOf(lines[0]!.size) + 1, mostLevels) : 0);
}
