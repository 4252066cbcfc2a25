/** A position in a part's source: 1-based line, 0-based UTF-16 column. */
export interface Position {
  line: number;
  column: number;
}

/** What cannot be cut without loss: a paragraph, a heading, a list, a table, a fenced block. */
export interface Unit {
  /** Half-open UTF-16 range in the part's source. */
  start: number;
  end: number;
  /** The unit's text where it is not the source itself (HTML without tags). */
  text?: string;
  /** Headings above, outermost first; a heading's own text is in its own path. */
  headings: readonly string[];
  isHeading: boolean;
  /** Of a whole table: the names of its columns. */
  ownColumns?: string;
  /** Of a row of a table, or a later piece of one: the names of its columns, which an earlier unit holds. */
  columns?: string;
  /** Follows the unit before it without an empty line: rows of a table, items of a list. Of units with a text of their own. */
  tight?: boolean;
}

/** One stretch of source with its own lines: a whole file, one cell of a notebook, or one page of a PDF. */
export interface Part {
  /** Text of the file itself, or for PDF and DOCX what the reader took out of it, the same at each reading. */
  source: string;
  units: readonly Unit[];
  /** 0-based notebook cell. */
  cell?: number;
  /** 1-based page. */
  page?: number;
}

/** A file as it was understood. */
export interface ReadDocument {
  title: string;
  parts: readonly Part[];
  /** ISO 639-1 code of the language of its prose; absent for source code, whose names say theirs, and where there is too little to tell. */
  language?: string;
}

/** `note`: what of the file is not in the document and why, where something is missing. */
export type ReadResult = { ok: true; document: ReadDocument; note?: string } | { ok: false; reason: string };

/** What of a place says which part it is in; a whole file has neither. */
export function partKey({ cell, page }: { cell?: number | undefined; page?: number | undefined }): {
  cell?: number;
  page?: number;
} {
  return { ...(cell === undefined ? {} : { cell }), ...(page === undefined ? {} : { page }) };
}

/** The part of a document that a place is in. */
export function partAt(document: ReadDocument, place: Parameters<typeof partKey>[0]): Part | undefined {
  return document.parts.find((part) => part.cell === place.cell && part.page === place.page);
}

/** Start offset of each line of a text with line feeds. */
export function lineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at !== -1; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Position of an offset, by binary search over line starts. */
export function positionAt(starts: readonly number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! };
}

/** Offset of a position; lines and columns past the end are clamped. */
export function offsetAt(starts: readonly number[], length: number, position: Position): number {
  const start = starts[position.line - 1];
  if (start === undefined) return length;
  const next = starts[position.line] ?? length + 1;
  return Math.min(start + position.column, next - 1, length);
}

/** The end without trailing white space, so that a passage ends where its text does. */
export function trimmedEnd(source: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(source[at - 1]!)) at--;
  return at;
}
