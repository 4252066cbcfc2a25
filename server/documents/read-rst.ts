import { type ReadDocument, type Unit, lineStarts, trimmedEnd } from "./document.ts";
import { HeadingPath } from "./heading-path.ts";
import { directiveColumns } from "./rst-directive-tables.ts";
import { rstColumns } from "./table-columns.ts";

/** The characters that reStructuredText underlines titles with. */
const adornment = /^([!-/:-@[-`{-~])\1{1,}\s*$/u;
const listItem = /^(?:[-*+•‣⁃]|\(?(?:\d+|[a-zA-Z#]|[ivxlcIVXLC]+)[.)])\s+\S/u;
/** Lines after which a table that is not closed is none. */
const longestTable = 500;
const simpleBorder = /^=+(?:\s+=+)+\s*$/u;

/**
 * reStructuredText by its lines: titles with their adornments, directives with all that is indented below them (admonitions, code,
 * tables), lists, tables and literal blocks whole. Comments and bare labels are left out. Blocks are found as docutils finds
 * them; nothing is included, evaluated or resolved.
 */
export function readRst(source: string, fallbackTitle: string): ReadDocument {
  const lines = source.split("\n");
  const starts = lineStarts(source);
  const path = new HeadingPath();
  /** Kinds of adornment in the order in which they first come, which is what says their level. */
  const kinds: string[] = [];
  const units: Unit[] = [];
  let title: string | undefined;
  for (let at = 0; at < lines.length;) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const heading = headingAt(lines, at);
    const end = heading ? heading.end : blockEnd(lines, at);
    if (heading) {
      if (!kinds.includes(heading.kind)) kinds.push(heading.kind);
      path.enter(kinds.indexOf(heading.kind) + 1, heading.text);
      title ??= heading.text;
    }
    if (heading || !isUnseen(lines[at]!)) {
      const start = starts[at]!;
      const stop = trimmedEnd(source, start, starts[end] ?? source.length);
      const ownColumns = heading ? undefined : columnsOf(source.slice(start, stop));
      const block = { start, end: stop, headings: path.now(), isHeading: heading !== undefined };
      units.push({ ...block, ...(ownColumns === undefined ? {} : { ownColumns }) });
    }
    at = end;
  }
  return { title: title ?? fallbackTitle, parts: [{ source, units }] };
}

function columnsOf(block: string): string | undefined {
  return block.startsWith("..") ? directiveColumns(block) : rstColumns(block);
}

function headingAt(lines: readonly string[], at: number): { text: string; kind: string; end: number } | undefined {
  const [first = "", second = "", third = ""] = lines.slice(at, at + 3);
  const over = adornment.exec(first)?.[1];
  // With a line above, the title may be indented and must be as long as both lines allow.
  if (over !== undefined && first.trim().length > 2 && !isBlank(second) && third.trim() === first.trim())
    return { text: second.trim(), kind: `${over}${over}`, end: at + 3 };
  const under = adornment.exec(second)?.[1];
  if (under === undefined || over !== undefined || /^\s/u.test(first)) return undefined;
  // A shorter line is a warning to docutils from four characters on, and text below that.
  if (second.trim().length < Math.min(first.trim().length, 4)) return undefined;
  return { text: first.trim(), kind: under, end: at + 2 };
}

/** Line after the block that begins on a line which is not blank. */
function blockEnd(lines: readonly string[], at: number): number {
  const line = lines[at]!;
  if (line.startsWith("..") && (line.length === 2 || line[2] === " ")) return indentedEnd(lines, at + 1, 0);
  if (simpleBorder.test(line)) return simpleTableEnd(lines, at);
  const indent = indentOf(line);
  if (listItem.test(line.trim()) && !/^\s*[-+]{3}/u.test(line)) return listEnd(lines, at, indent);
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && (end === at + 1 || !headingAt(lines, end))) end++;
  // `::` says that what is indented below is literal.
  return /::\s*$/u.test(lines[end - 1]!) ? indentedEnd(lines, end, indent) : end;
}

/** Over blank lines and lines indented deeper than a column. */
function indentedEnd(lines: readonly string[], from: number, column: number): number {
  let end = from;
  for (let at = from; at < lines.length; at++) {
    if (isBlank(lines[at])) continue;
    if (indentOf(lines[at]!) <= column) break;
    end = at + 1;
  }
  return end;
}

/** Over further items of a list and what is indented below them. */
function listEnd(lines: readonly string[], from: number, column: number): number {
  let end = from + 1;
  for (let at = from + 1; at < lines.length; at++) {
    const line = lines[at]!;
    if (isBlank(line)) continue;
    const indent = indentOf(line);
    // After an empty line only an item or something indented goes on.
    const goesOn = indent > column || (indent === column && (listItem.test(line.trim()) || end === at));
    if (!goesOn || headingAt(lines, at)) break;
    end = at + 1;
  }
  return end;
}

/** A simple table ends with its third border, or with one that an empty line follows. */
function simpleTableEnd(lines: readonly string[], from: number): number {
  let borders = 1;
  for (let at = from + 1; at < Math.min(lines.length, from + longestTable); at++) {
    if (simpleBorder.test(lines[at]!) && (++borders === 3 || isBlank(lines[at + 1]))) return at + 1;
  }
  return from + 1;
}

/** A comment, a label that only links lead to, or a line that only parts what is above from what is below. */
function isUnseen(line: string): boolean {
  if (/^\.\.(?:\s*$|\s+_[^:]+:\s*$)/u.test(line)) return true;
  const explicit = /^\.\.\s+(?<rest>.*)$/u.exec(line)?.groups?.["rest"];
  if (explicit === undefined) return adornment.test(line) && !simpleBorder.test(line) && line.trim().length >= 4;
  return !/^(?:[\w:.+-]+::|_|\[|\|)/u.test(explicit);
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || line.trim() === "";
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
