import { createHash } from "node:crypto";
import type { Passage } from "../../protocol/passage.ts";
import type { Place } from "../../protocol/place.ts";
import { type Part, type ReadDocument, type Unit, lineStarts, partKey, positionAt, trimmedEnd } from "./document.ts";
import { estimateTokens, mostTokens } from "./token-estimate.ts";

/** Version of how documents are cut; a change makes every index build anew. */
export const passageVersion = 7;

/** Estimated tokens at which a passage is full. */
const target = 180;
/** A section shorter than this is not worth a passage of its own and joins what follows it under the same parent. */
const least = 24;
/** Characters that a token stands for at most: a megabyte of spaces costs the embedder nothing and a reader everything. */
const charactersPerToken = 20;
const longestTitle = 300;
const longestColumns = 200;
/** UTF-16 units up to which a block that was taken out of markup stays one passage. */
const longestBlock = 8_000;

/** What `passagesOf` needs to know of the file besides its text. */
export interface FileIdentity {
  folder: string;
  path: string;
  contentHash: string;
}

/**
 * Cuts a document into passages along its structure: whole units, never across a heading of the same or a higher
 * level unless the section before is tiny. Each passage's place is exact: `textAt` of the place gives its text, or holds it
 * where one block of markup is too long for a passage.
 */
export function passagesOf(document: ReadDocument, file: FileIdentity): Passage[] {
  // Equal pieces of one block of markup are one passage.
  const ids = new Set<string>();
  const cut = document.parts.flatMap((part) => {
    const starts = lineStarts(part.source);
    return groupUnits(part).map((units) => {
      const text = textOf(part, units);
      const place = placeOf(part, starts, units, file);
      const id = createHash("sha256").update(
        `${file.path}\0${place.cell ?? place.page ?? ""}\0${place.startLine}:${place.startColumn ?? 0}\0${text}`,
      );
      return {
        id: id.digest("hex").slice(0, 24),
        title: passageTitle(document.title, place.headings, units[0]!.columns),
        text,
        place,
        ...(document.language === undefined ? {} : { language: document.language }),
      };
    });
  });
  return cut.filter(({ id }) => !ids.has(id) && ids.add(id));
}

/**
 * `Page › Section › Subsection`, without a first heading that only repeats the page's title. Where the passage goes on with a table whose header is in
 * a passage before it, the names of the columns come last: a row of numbers by itself says nothing.
 */
function passageTitle(title: string, headings: readonly string[], columns = ""): string {
  const rest = headings[0] === title ? headings.slice(1) : headings;
  return [clipped(title, longestTitle), ...rest, clipped(columns, longestColumns)]
    .filter((part) => part !== "")
    .join(" › ");
}

function clipped(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Text of consecutive units: the source between them, or the units' own texts where those differ from the source. */
export function textOf(part: Part, units: readonly Unit[]): string {
  const first = units[0]!;
  if (first.text !== undefined)
    return units.reduce((text, unit) => (text === "" ? text : `${text}${unit.tight ? "\n" : "\n\n"}`) + unit.text, "");
  return part.source.slice(first.start, units.at(-1)!.end);
}

function placeOf(part: Part, starts: readonly number[], units: readonly Unit[], file: FileIdentity): Place {
  const from = positionAt(starts, units[0]!.start);
  const to = positionAt(starts, units.at(-1)!.end);
  // The path of the deepest section that all units share, so that a title never names a section the text is not in.
  // A heading above the first text is on the way to it and does not widen the path.
  const body = units.some((unit) => !unit.isHeading) ? units.filter((unit) => !unit.isHeading) : units;
  const headings = body.reduce((shared: readonly string[], unit) => commonPrefix(shared, unit.headings), deepest(body));
  return {
    folder: file.folder,
    path: file.path,
    startLine: from.line,
    endLine: to.line,
    startColumn: from.column,
    endColumn: to.column,
    ...partKey(part),
    headings: [...headings],
    contentHash: file.contentHash,
  };
}

function deepest(units: readonly Unit[]): readonly string[] {
  return units.reduce(
    (longest: readonly string[], unit) => (unit.headings.length > longest.length ? unit.headings : longest),
    [],
  );
}

function commonPrefix(a: readonly string[], b: readonly string[]): readonly string[] {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

function groupUnits(part: Part): Unit[][] {
  const groups: Unit[][] = [];
  let group: Unit[] = [];
  let size = 0;
  const close = (): void => {
    if (group.length > 0) groups.push(group);
    group = [];
    size = 0;
  };
  for (const unit of part.units.flatMap((whole) => cutUnit(part, whole))) {
    const tokens = sizeOf(unit.text ?? part.source.slice(unit.start, unit.end));
    const leaves = group.length > 0 && unit.isHeading && !group.every((member) => member.isHeading) && size >= least;
    // What lies between two units is part of the passage too.
    const apart =
      group.length > 0 && unit.text === undefined && (unit.end - group[0]!.start) / charactersPerToken > mostTokens;
    if (
      leaves ||
      apart ||
      leavesOut(part, group, unit) ||
      size + tokens > mostTokens ||
      (size >= target && !unit.isHeading)
    )
      close();
    group.push(unit);
    size += tokens;
  }
  close();
  return groups;
}

/**
 * Whether a reader left words out between a group and the unit after it (a comment, a running head): no passage says what its
 * document does not show. Between a heading and its text they stay, since a heading alone says nothing.
 */
function leavesOut(part: Part, group: readonly Unit[], next: Unit): boolean {
  const last = group.at(-1);
  if (!last || next.text !== undefined || group.every(({ isHeading }) => isHeading)) return false;
  return /[\p{L}\p{N}]/u.test(part.source.slice(last.end, next.start));
}

/**
 * A unit longer than a passage may be is cut at lines, and a line longer than that at spaces. Of a table in one unit the pieces after the first keep the
 * names of its columns.
 */
function cutUnit(part: Part, { ownColumns, ...unit }: Unit): Unit[] {
  const text = unit.text ?? part.source.slice(unit.start, unit.end);
  if (sizeOf(text) <= mostTokens) return [unit];
  if (unit.text !== undefined && text.length <= longestBlock) return [unit];
  const pieces: Unit[] = [];
  for (const { start, end } of cutText(text)) {
    const isHeading = unit.isHeading && start === 0;
    const own = { ...unit, isHeading, ...(ownColumns !== undefined && start > 0 ? { columns: ownColumns } : {}) };
    // Text that was taken out of markup has no offsets inside, so its pieces share the unit's range.
    if (unit.text !== undefined) pieces.push({ ...own, text: text.slice(start, end) });
    else pieces.push({ ...own, start: unit.start + start, end: unit.start + end });
  }
  return pieces;
}

function cutText(text: string): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  let start = 0;
  while (start < text.length) {
    const next = cutPoint(text, start, text.length);
    const end = trimmedEnd(text, start, next);
    if (end > start) pieces.push({ start, end });
    start = next;
    while (start < text.length && text[start] === "\n") start++;
  }
  return pieces;
}

/** Where to cut a long text that starts at `start`: the last line end, else sentence end, else space, within the target size. */
function cutPoint(source: string, start: number, end: number): number {
  let limit = Math.min(end, start + 64);
  while (limit < end && sizeOf(source.slice(start, limit)) < target) limit = Math.min(end, limit + 64);
  if (limit >= end) return end;
  const window = source.slice(start, limit);
  const half = window.length >> 1;
  for (const boundary of ["\n", ". ", "。", " "]) {
    const at = window.lastIndexOf(boundary);
    if (at > half) return start + at + boundary.length;
  }
  // No boundary: not inside a surrogate pair.
  return /[\ud800-\udbff]/.test(source[limit - 1]!) ? limit - 1 : limit;
}

/** Estimated tokens of a text, or what its length counts for where that is more. */
function sizeOf(text: string): number {
  return Math.max(estimateTokens(text), Math.ceil(text.length / charactersPerToken));
}
