import type { Origin, Segment } from "../../protocol/trajectory.ts";

/** Tokens that are drawn and measured together; they flow as text does. */
export interface TokenRow {
  /** Range of token indices. */
  start: number;
  end: number;
  /** Who wrote them; undefined where no segment says so. */
  origin: Origin | undefined;
  /** The segment that begins here. */
  opens: Segment | undefined;
}

const longest = 48;

/**
 * Cuts tokens into rows: at the borders of segments, at line feeds, and after 48 tokens. Tokens that no segment covers are rows
 * too, so that every token of the record is shown.
 */
export function tokenRows(
  count: number,
  segments: readonly Segment[],
  texts: readonly string[] | undefined,
): TokenRow[] {
  const rows: TokenRow[] = [];
  const cut = (from: number, to: number, segment: Segment | undefined): void => {
    let start = from;
    for (let index = from; index < to; index++) {
      const last = index === to - 1;
      if (!last && index - start + 1 < longest && !breaks(texts?.[index], texts?.[index + 1])) continue;
      rows.push({ start, end: index + 1, origin: segment?.origin, opens: start === from ? segment : undefined });
      start = index + 1;
    }
  };
  let at = 0;
  for (const segment of segments) {
    const from = Math.max(at, Math.min(count, segment.tokenStart ?? at));
    const to = Math.max(from, Math.min(count, segment.tokenEnd ?? from));
    cut(at, from, undefined);
    cut(from, to, segment);
    at = to;
  }
  cut(at, count, undefined);
  return rows;
}

/** Whether a line ends between two tokens. A token that holds a line feed inside stays where it begins. */
function breaks(before: string | undefined, after: string | undefined): boolean {
  return before?.endsWith("\n") === true || (after?.startsWith("\n") === true && after.trim() !== "");
}

/** The row that holds a token; rows are in order and without gaps. */
export function rowOf(rows: readonly TokenRow[], token: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.end <= token) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows that a page key moves over. */
const page = 10;

/** The token that a key leads to; undefined for keys that move nothing. */
export function moved(key: string, from: number, rows: readonly TokenRow[]): number | undefined {
  const last = (rows.at(-1)?.end ?? 1) - 1;
  const row = rowOf(rows, from);
  const toRow = (index: number): number => rows[Math.max(0, Math.min(rows.length - 1, index))]?.start ?? 0;
  switch (key) {
    case "ArrowRight":
      return Math.min(last, from + 1);
    case "ArrowLeft":
      return Math.max(0, from - 1);
    case "ArrowDown":
      return row === rows.length - 1 ? last : toRow(row + 1);
    case "ArrowUp":
      return toRow(row - 1);
    case "PageDown":
      return toRow(row + page);
    case "PageUp":
      return toRow(row - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}
