/** A piece of text as pdf.js places it on a page; `transform` is `[a b c d x y]` of the text matrix in page space. */
export interface TextItem {
  str: string;
  transform: readonly number[];
  width: number;
  height: number;
  hasEOL: boolean;
  dir?: string;
}

/** One line of a page, in the order in which the page draws its text. */
export interface Line {
  text: string;
  /** Along the direction of writing, in points from the page's origin. */
  left: number;
  right: number;
  /** Across it: smaller is further down. */
  baseline: number;
  /** Font size of most of its characters. */
  size: number;
  /** Direction of writing in whole degrees; 0 is left to right. */
  angle: number;
}

/** A page: its lines and where it ends, in the measure of their baselines. */
export interface Page {
  lines: Line[];
  bottom: number;
  top: number;
}

interface Placed {
  text: string;
  along: number;
  width: number;
  across: number;
  size: number;
  angle: number;
  leftwards: boolean;
}

/**
 * Lines of a page. Text is kept in the order of drawing, which is the order of reading in what word processors and TeX
 * write, columns included; sorting by position would mix columns.
 */
export function pageLines(items: readonly TextItem[]): Line[] {
  const lines: Line[] = [];
  let pieces: Placed[] = [];
  const close = (): void => {
    const line = lineOf(pieces);
    if (line) lines.push(line);
    pieces = [];
  };
  for (const item of items) {
    if (item.str !== "") {
      const piece = placed(item);
      const last = pieces.at(-1);
      if (last && startsLine(last, piece)) close();
      pieces.push(piece);
    }
    if (item.hasEOL) close();
  }
  close();
  return lines;
}

function placed({ str, transform, width, height, dir }: TextItem): Placed {
  const [a = 1, b = 0, , , x = 0, y = 0] = transform;
  const length = Math.hypot(a, b) || 1;
  const [cos, sin] = [a / length, b / length];
  return {
    text: str.replace(/[\s\u0000-\u001f]+/gu, " "),
    along: x * cos + y * sin,
    width,
    across: y * cos - x * sin,
    size: height || length,
    angle: Math.round((Math.atan2(sin, cos) * 180) / Math.PI),
    leftwards: dir === "rtl",
  };
}

/** A raised or lowered mark stays on its line; a jump back to the left or to another height does not. */
function startsLine(last: Placed, next: Placed): boolean {
  if (last.angle !== next.angle) return true;
  const size = Math.max(last.size, next.size, 1);
  if (Math.abs(last.across - next.across) > size * 0.6) return true;
  return !next.leftwards && !last.leftwards && next.along < last.along - size;
}

function lineOf(pieces: readonly Placed[]): Line | undefined {
  let text = "";
  let before: Placed | undefined;
  let spaced = false;
  for (const piece of pieces) {
    // A space says that there is one, not how wide: where the next text stands says that.
    if (piece.text === " ") {
      spaced = true;
      continue;
    }
    if (before && !/\s$/u.test(text) && !/^\s/u.test(piece.text)) {
      const gap = piece.leftwards ? 0 : piece.along - (before.along + before.width);
      // Cells of a table stand far apart and stay apart.
      if (gap > piece.size * 1.5) text += "   ";
      else if (spaced || gap > piece.size * 0.15) text += " ";
    }
    text += piece.text;
    before = piece;
    spaced = false;
  }
  text = text.trim();
  if (text === "") return undefined;
  const widest = pieces.reduce((a, b) => (b.text.trim().length > a.text.trim().length ? b : a));
  return {
    text,
    left: Math.min(...pieces.map(({ along }) => along)),
    right: Math.max(...pieces.map(({ along, width }) => along + width)),
    baseline: widest.across,
    size: Math.round(widest.size * 10) / 10,
    angle: widest.angle,
  };
}
