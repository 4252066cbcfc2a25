import { type ReadDocument, type Unit, lineStarts, trimmedEnd } from "./document.ts";
import { HeadingPath } from "./heading-path.ts";
import { asciidocColumns } from "./table-columns.ts";

const section = /^(?<marks>={1,6}|#{1,6})\s+(?<text>\S.*)$/u;
/** Listing, literal, example, sidebar, quote, pass, open, fenced block and the kinds of table. */
const delimiter = /^(?:-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|--|```.*|[|,:!]={3,})\s*$/u;
const listItem = /^\s*(?:\*{1,5}|-|\.{1,5}|\d+\.|<\d+>|<\.>)\s+\S|^\s*\S.*?(?:::|;;)(?:\s|$)/u;
/** Lines after which a block that is not closed is none. */
const longestBlock = 2_000;
/** Attributes, title or anchor of the block below. */
const blockLine = /^(?:\[.*\]|\.[^\s.].*)\s*$/u;
/** Attribute entries, conditions and comments, which no reader sees. */
const unseen = /^(?:\/\/(?!\/)|:!?[\w-]+!?:(?:\s|$)|(?:ifdef|ifndef|ifeval|endif)::)/u;

/**
 * AsciiDoc by its lines: titles, delimited blocks (code, tables, admonitions) with the attributes and title above them, lists and
 * paragraphs whole. Blocks are found as the AsciiDoc language defines them; nothing is included or evaluated.
 */
export function readAsciidoc(source: string, fallbackTitle: string): ReadDocument {
  const lines = source.split("\n");
  const starts = lineStarts(source);
  const path = new HeadingPath();
  const units: Unit[] = [];
  let title: string | undefined;
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (line.trim() === "" || unseen.test(line)) {
      at += 1;
      continue;
    }
    if (/^\/{4,}\s*$/u.test(line)) {
      at = delimitedEnd(lines, at) ?? at + 1;
      continue;
    }
    const heading = section.exec(line)?.groups;
    if (heading) {
      path.enter(heading["marks"]!.length, heading["text"]!.replace(/\s+[=#]+\s*$/u, "").trim());
      title ??= path.now().at(-1);
    }
    const end = heading ? at + 1 : blockEnd(lines, at);
    const start = starts[at]!;
    const stop = trimmedEnd(source, start, starts[end] ?? source.length);
    const ownColumns = heading ? undefined : asciidocColumns(source.slice(start, stop));
    const block = { start, end: stop, headings: path.now(), isHeading: heading !== undefined };
    if (stop > start) units.push({ ...block, ...(ownColumns === undefined ? {} : { ownColumns }) });
    at = end;
  }
  return { title: title ?? fallbackTitle, parts: [{ source, units }] };
}

/** Line after the block that begins on a line which is not blank. */
function blockEnd(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && blockLine.test(lines[at]!) && !delimiter.test(lines[at]!)) at++;
  // Attributes of a title, and attributes of nothing, are blocks of their own.
  if (at > from && (at >= lines.length || lines[at]!.trim() === "" || section.test(lines[at]!))) return at;
  const delimited = delimitedEnd(lines, at);
  if (delimited !== undefined) return delimited;
  if (listItem.test(lines[at]!)) return listEnd(lines, at);
  let end = at + 1;
  while (end < lines.length && lines[end]!.trim() !== "" && !beginsBlock(lines[end]!)) end++;
  return end;
}

/** What ends a paragraph without an empty line. */
function beginsBlock(line: string): boolean {
  return delimiter.test(line) || /^\[.*\]\s*$/u.test(line) || unseen.test(line);
}

/** Line after the delimited block that begins on a line; undefined where none does, or where it is not closed. */
function delimitedEnd(lines: readonly string[], from: number): number | undefined {
  const opening = lines[from]?.trimEnd() ?? "";
  if (!delimiter.test(opening) && !/^\/{4,}$/u.test(opening)) return undefined;
  const closing = opening.startsWith("```") ? "```" : opening;
  const end = Math.min(lines.length, from + longestBlock);
  for (let at = from + 1; at < end; at++) if (lines[at]!.trimEnd() === closing) return at + 1;
  return undefined;
}

/** Over further items, what is attached to them by `+`, and lines that go on. */
function listEnd(lines: readonly string[], from: number): number {
  let end = from + 1;
  for (let at = from + 1; at < lines.length;) {
    const line = lines[at]!;
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const goesOn = listItem.test(line) || end === at || /^\s+\S/u.test(line);
    if (section.test(line) || !goesOn) break;
    const attached = line.trim() === "+" ? delimitedEnd(lines, skipBlockLines(lines, at + 1)) : delimitedEnd(lines, at);
    at = end = attached ?? at + 1;
  }
  return end;
}

function skipBlockLines(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && blockLine.test(lines[at]!) && !delimiter.test(lines[at]!)) at++;
  return at;
}
