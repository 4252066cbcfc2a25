import { parse } from "csv-parse/sync";
import { joinRows, mostHeaderLines, named, rstColumns } from "./table-columns.ts";

/** Characters of values in which the rows of a header are looked for. */
const mostHeaderCharacters = 20_000;

interface Directive {
  name: string;
  options: ReadonlyMap<string, string>;
  /** The first lines below the options, without the indentation that all of them have. */
  body: string[];
}

/**
 * Names of the columns of a table that a directive of reStructuredText holds: `list-table` and `csv-table` with their options, and `table` around a
 * grid or simple one. Undefined for every other block, and where the table says of none of its rows that it is a header.
 */
export function directiveColumns(block: string): string | undefined {
  const directive = directiveOf(block);
  if (!directive) return undefined;
  const { name, options, body } = directive;
  if (name === "table") return rstColumns(body.join("\n"));
  const rows = Number(/^\d{1,2}$/u.exec(options.get("header-rows") ?? "")?.[0] ?? 0);
  if (name === "list-table") return rows > 0 ? named(joinRows(listRows(body, rows))) : undefined;
  const header = options.get("header");
  const given = header === undefined ? [] : csvRows(header, options, mostHeaderLines);
  const first = rows > 0 ? csvRows(body.join("\n"), options, rows) : [];
  return given.length + first.length > 0 ? named(joinRows([...given, ...first])) : undefined;
}

function directiveOf(block: string): Directive | undefined {
  const name = /^\.\.\s+(?<name>(?:list-|csv-)?table)::/u.exec(block)?.groups?.["name"];
  if (name === undefined) return undefined;
  const [, ...lines] = block.split("\n");
  const options = new Map<string, string[]>();
  let option: string[] | undefined;
  let at = 0;
  // Options come at once, each perhaps over lines that are indented deeper; what else comes before an empty line goes on with the title.
  for (; at < lines.length && lines[at]!.trim() !== ""; at++) {
    const field = /^\s+:(?<key>[\w-]+):\s*(?<value>.*)$/u.exec(lines[at]!)?.groups;
    if (field) options.set(field["key"]!, (option = [field["value"]!.trim()]));
    else option?.push(lines[at]!.trim());
  }
  const body = lines
    .slice(at, at + mostHeaderLines)
    .filter((line, index, all) => line.trim() !== "" || all[index - 1]?.trim() !== "");
  const depth = Math.min(...body.filter((line) => line.trim() !== "").map(indentOf));
  return {
    name,
    options: new Map([...options].map(([key, said]) => [key, said.join("\n").trim()])),
    body: body.map((line) => line.slice(depth)).filter((line, index) => index > 0 || line !== ""),
  };
}

/** The first rows of a list of lists: a row is an item, each of its cells an item of that. */
function listRows(body: readonly string[], count: number): string[][] {
  const rows: string[][] = [];
  for (const line of body) {
    const row = /^[*+-]\s+(?<first>.*)$/u.exec(line)?.groups?.["first"];
    if (row !== undefined && rows.length === count) break;
    if (row !== undefined) rows.push([]);
    const cells = rows.at(-1);
    const cell = /^[*+-](?:\s+(?<text>.*))?$/u.exec(row ?? line.trim())?.groups;
    if (!cells) continue;
    if (cell && (row !== undefined || indentOf(line) === 2)) cells.push(cell["text"] ?? "");
    else if (cells.length > 0 && line.trim() !== "") cells.push(`${cells.pop()!} ${line.trim()}`.trim());
  }
  return rows;
}

/** The first rows of comma-separated values, or of values separated as the directive says; none where they are broken. */
function csvRows(text: string, options: ReadonlyMap<string, string>, count: number): string[][] {
  const said = options.get("delim") ?? ",";
  const delimiter = said === "tab" ? "\t" : said === "space" ? " " : said;
  try {
    return parse(text.slice(0, mostHeaderCharacters), {
      delimiter,
      quote: options.get("quote") ?? '"',
      to: count,
      ltrim: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
  } catch {
    return [];
  }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
