import type { Line, Page } from "./page-lines.ts";

/** Lines at each end of a page that can be a running head or foot. */
const depth = 2;
/** The part of a page's height, at its top and bottom, in which they stand. */
const margin = 0.12;

/**
 * For each page the indexes of lines that are repeated on many pages at the same height: running heads, feet and page
 * numbers. They say nothing about the page and would be in every passage. What is set larger than the body is a title, also where
 * each page begins with one.
 */
export function runningHeads(pages: readonly Page[], body: number): Set<number>[] {
  const seen = new Map<string, number[]>();
  const edges = pages.map((page) =>
    edgeLines(page)
      .filter((index) => page.lines[index]!.size <= body * 1.1)
      .map((index) => ({ index, key: keyOf(page.lines[index]!) })),
  );
  for (const [number, page] of edges.entries())
    for (const key of new Set(page.map((edge) => edge.key))) {
      const numbers = seen.get(key) ?? [];
      seen.set(key, numbers);
      numbers.push(number);
    }
  return edges.map((page) => new Set(page.filter(({ key }) => isRunning(seen.get(key)!)).map(({ index }) => index)));
}

/** Odd and even pages can have heads of their own, and so can chapters: two in five of the pages from first to last have it. */
function isRunning(pages: readonly number[]): boolean {
  return pages.length >= 3 && pages.length >= (pages.at(-1)! - pages[0]! + 1) * 0.4;
}

function edgeLines({ lines, bottom, top }: Page): number[] {
  const band = (top - bottom) * margin;
  // By height, since a foot may be drawn first.
  const order = lines.map((_, index) => index).sort((a, b) => lines[b]!.baseline - lines[a]!.baseline);
  const atTop = order.slice(0, depth).filter((index) => lines[index]!.baseline > top - band);
  const atBottom = order.slice(-depth).filter((index) => lines[index]!.baseline < bottom + band);
  return [...new Set([...atTop, ...atBottom])];
}

/** Page numbers count as equal. */
function keyOf({ text, baseline }: Line): string {
  return `${Math.round(baseline / 3)} ${text.replace(/\d+|\b[ivxlc]+\b/giu, "#").replace(/\s+/gu, " ")}`;
}
