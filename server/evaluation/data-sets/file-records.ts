import { open, readFile } from "node:fs/promises";
import { type CsvError, parse as parseCsv } from "csv-parse/sync";

/** One record of a file with the line it begins at (1-based; the row for parquet), or why it is none. */
export type FileRecord = { line: number; data: unknown } | { line: number; problem: string };

/** A file whose content no reader takes, in one sentence. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

const lineFeed = 0x0a;

/** The records of a file by its content: parquet, JSON lines, one JSON array, or CSV with a header. Throws what the file system throws. */
export async function* fileRecords(path: string): AsyncGenerator<FileRecord> {
  if (await isParquet(path)) return yield* parquetRecords(path);
  const bytes = withoutMark(await readFile(path));
  const start = bytes.subarray(0, 4096).toString("utf8").trimStart();
  if (start === "") return;
  if (start.startsWith("[")) return yield* arrayRecords(path, bytes);
  if (start.startsWith("{")) return yield* lineRecords(path, bytes);
  yield* csvRecords(path, bytes);
}

async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString("latin1") === "PAR1";
  } finally {
    await file.close();
  }
}

/** Rows in groups, so that a file larger than memory can be read. */
async function* parquetRecords(path: string): AsyncGenerator<FileRecord> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let row = 0;
    for (const group of metadata.row_groups) {
      const end = row + Number(group.num_rows);
      for (const data of await parquetReadObjects({ file, metadata, rowStart: row, rowEnd: end }))
        yield { line: ++row, data };
      row = end;
    }
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") throw error;
    throw new UnreadableFile(`${path} begins as a parquet file and cannot be read as one (${firstLine(error)}).`);
  }
}

/** Cut at line feeds only and decoded line by line: JSON texts may hold the other line separators of Unicode. */
function* lineRecords(path: string, bytes: Buffer): Generator<FileRecord> {
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found < 0 ? bytes.length : found;
    line += 1;
    const text = bytes.subarray(start, end).toString("utf8");
    start = end + 1;
    if (text.trim() === "") continue;
    const parsed = parseJson(text);
    // One object that goes over several lines is a file of one record.
    if (!parsed.ok && line === 1) {
      const whole = parseJson(bytes.toString("utf8"));
      if (whole.ok) return yield { line: 1, data: whole.value };
    }
    yield parsed.ok ? { line, data: parsed.value } : { line, problem: "is no JSON" };
  }
}

function* arrayRecords(path: string, bytes: Buffer): Generator<FileRecord> {
  const parsed = parseJson(bytes.toString("utf8"));
  if (!parsed.ok || !Array.isArray(parsed.value))
    throw new UnreadableFile(`${path} begins as a JSON array and is none.`);
  for (const [index, data] of (parsed.value as unknown[]).entries()) yield { line: index + 1, data };
}

function* csvRecords(path: string, bytes: Buffer): Generator<FileRecord> {
  const header = bytes
    .subarray(0, bytes.indexOf(lineFeed) < 0 ? bytes.length : bytes.indexOf(lineFeed))
    .toString("utf8");
  const delimiter = header.includes("\t") ? "\t" : header.includes(",") ? "," : ";";
  const skipped: { line: number; problem: string }[] = [];
  let rows: { record: Record<string, unknown>; raw: string; info: { lines: number } }[];
  try {
    const options = {
      columns: true,
      delimiter,
      info: true,
      raw: true,
      skip_empty_lines: true,
      trim: true,
      skip_records_with_error: true,
    } as const;
    const onSkip = (error: CsvError | undefined): undefined => {
      if (error)
        skipped.push({ line: Number(error["lines"] ?? 1), problem: `is no row of this table (${firstLine(error)})` });
    };
    rows = parseCsv(bytes, { ...options, on_skip: onSkip }) as unknown as typeof rows;
  } catch (error) {
    throw new UnreadableFile(`${path} is neither parquet nor JSON, and as a table: ${firstLine(error)}.`);
  }
  if (!/(?:^|[\t,;"\s])(?:question|query)(?:$|[\t,;"\s])/iu.test(header)) {
    throw new UnreadableFile(`${path} is neither parquet nor JSON, and its first line names no column question.`);
  }
  // A quoted cell may hold line breaks; the record begins where its first line does.
  const read = rows.map(({ record, raw, info }) => ({
    line: info.lines - raw.trim().split("\n").length + 1,
    data: tableRecord(record),
  }));
  yield* [...read, ...skipped].sort((a, b) => a.line - b.line);
}

/** A cell holds text; one that is a JSON list holds several answers, and an empty one holds nothing. */
function tableRecord(record: Record<string, unknown>): Record<string, unknown> {
  const fields = Object.entries(record).flatMap(([name, cell]) => {
    if (typeof cell !== "string" || cell === "") return [];
    const list = cell.startsWith("[") ? parseJson(cell) : undefined;
    return [[name.trim().toLowerCase(), list?.ok && Array.isArray(list.value) ? list.value : cell] as const];
  });
  return Object.fromEntries(fields);
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : typeof error === "string" ? error : "unknown failure")
    .split("\n")[0]!
    .replace(/\.$/u, "");
}
