import type { Line } from "./page-lines.ts";

/** Lines that belong together: a paragraph, a heading, the rows of a table. Indexes into the page's lines, end exclusive. */
export interface Paragraph {
  from: number;
  to: number;
}

/** Lines in one paragraph are at most this much further apart than lines of the page usually are. */
const looseLeading = 1.3;

/** Cuts a page's lines into paragraphs by distance, size, indent and jumps to another column. */
export function pageParagraphs(lines: readonly Line[]): Paragraph[] {
  const leading = usualLeading(lines);
  const paragraphs: Paragraph[] = [];
  let from = 0;
  for (let at = 1; at <= lines.length; at++) {
    if (at < lines.length && !startsParagraph(lines[at - 1]!, lines[at]!, lines[from]!, leading)) continue;
    if (at > from) paragraphs.push({ from, to: at });
    from = at;
  }
  return paragraphs;
}

function startsParagraph(last: Line, next: Line, first: Line, leading: number): boolean {
  if (last.angle !== next.angle) return true;
  if (Math.abs(last.size - next.size) > 0.1 * last.size) return true;
  const drop = last.baseline - next.baseline;
  const ended = /[.!?:。！？]["'”’)\]]*$/u.test(last.text);
  // A jump upwards is the top of the next column, which may go on with the sentence.
  if (drop < 0) return ended;
  if (drop > Math.max(leading * looseLeading, last.size * 1.1)) return true;
  const indent = next.left - Math.min(last.left, first.left);
  return ended && indent > next.size * 0.8 && indent < next.size * 6;
}

/** The median distance from line to line; 0 for a page of one line. */
function usualLeading(lines: readonly Line[]): number {
  const drops: number[] = [];
  for (let at = 1; at < lines.length; at++) {
    const drop = lines[at - 1]!.baseline - lines[at]!.baseline;
    const { size } = lines[at]!;
    if (drop > size * 0.6 && drop < size * 2.5) drops.push(drop);
  }
  drops.sort((a, b) => a - b);
  return drops[drops.length >> 1] ?? 0;
}
