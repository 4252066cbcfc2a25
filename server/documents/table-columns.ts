/** Between the names of columns, as between the cells of a row that was taken out of markup. */
const between = " | ";
const longestRow = 2_000;
/** Lines of a table in which its header is looked for; the whole of a table may be hundreds of thousands. */
export const mostHeaderLines = 100;

/** Names of the columns of a Markdown table: its first line. */
export function markdownColumns(table: string): string | undefined {
  return named(cellsOf(firstLine(table).replace(/^\s*\||\|\s*$/gu, ""), /(?<!\\)\|/u));
}

/** Of an AsciiDoc table: the line after its opening, where the table says so or an empty line follows it. */
export function asciidocColumns(block: string): string | undefined {
  const lines = block.split("\n");
  const opening = lines.findIndex((line) => /^[|,:!]={3,}\s*$/u.test(line));
  if (opening < 0) return undefined;
  const attributes = lines.slice(0, opening).join("\n");
  const first = lines.findIndex((line, at) => at > opening && line.trim() !== "");
  const header = lines[first];
  const said = /%header|options=["']?[^\]"']*header/u.test(attributes);
  if (!header?.startsWith("|") || (!said && lines[first + 1]?.trim() !== "")) return undefined;
  return named(cellsOf(header.slice(1), /(?<!\\)\|/u));
}

/** Of a grid or simple table of reStructuredText: the lines above the border that ends the header. */
export function rstColumns(table: string): string | undefined {
  const lines = table.split("\n");
  if (/^\+[-=+]+\+\s*$/u.test(lines[0] ?? "")) {
    const end = lines.slice(0, mostHeaderLines).findIndex((line) => /^\+=[=+]*\+\s*$/u.test(line));
    if (end < 0) return undefined;
    const rows = lines.slice(1, end).map((line) => cellsOf(line.replace(/^\s*\||\|\s*$/gu, ""), /\|/u));
    return named(joinRows(rows));
  }
  const borders = lines.flatMap((line, at) => (/^=+(?:\s+=+)+\s*$/u.test(line) ? [at] : []));
  const [from, end] = borders;
  if (borders.length < 3 || from === undefined || end === undefined) return undefined;
  const starts = [...lines[from]!.matchAll(/=+/gu)].map(({ index }) => index);
  const rows = lines
    .slice(from + 1, end)
    .filter((line) => !/^[-\s]+$/u.test(line))
    .map((line) => starts.map((start, column) => line.slice(start, starts[column + 1]).trim()));
  return named(joinRows(rows));
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return (end < 0 ? text : text.slice(0, end)).slice(0, longestRow);
}

function cellsOf(row: string, bar: RegExp): string[] {
  return row
    .slice(0, longestRow)
    .split(bar)
    .map((cell) => cell.trim());
}

/** Names that go over several rows or lines: of each column what they have of it. */
export function joinRows(rows: readonly string[][]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    rows
      .map((row) => row[column] ?? "")
      .filter(Boolean)
      .join(" "),
  );
}

/** Cells as names of columns; undefined where all are empty. */
export function named(cells: readonly string[]): string | undefined {
  const names = cells.map((cell) => cell.replace(/\s+/gu, " ").replace(/\*\*|`/gu, ""));
  return names.some((name) => name !== "") ? names.join(between) : undefined;
}
