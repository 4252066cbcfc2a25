import { open } from "node:fs/promises";
import type { FileRow } from "./file-rows.ts";

/** Above this a group of rows is not unpacked: a few bytes can claim to be anything. */
const groupLimit = 512 * 1024 * 1024;

export async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString("latin1") === "PAR1";
  } finally {
    await file.close();
  }
}

/**
 * The rows of a parquet file, a group at a time; `line` is the row (1-based). Values come out as JSON has them: integers of
 * 64 bits as numbers where they are exact, else as text, times in ISO form. Throws what the file system throws.
 */
export async function* parquetRows(path: string): AsyncGenerator<FileRow> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  let row = 0;
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    for (const group of metadata.row_groups) {
      const start = row;
      const end = start + Number(group.num_rows);
      const size = group.columns.reduce(
        (sum, { meta_data: column }) => sum + Number(column?.total_uncompressed_size ?? 0),
        0,
      );
      if (size > groupLimit) {
        yield {
          line: start + 1,
          problem: `is in a group of rows of ${Math.round(size / 2 ** 20)} MiB, more than is read at once`,
        };
        row = end;
        continue;
      }
      for (const data of await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end }))
        yield { line: ++row, data: jsonValue(data, 0) };
      row = end;
    }
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") throw error;
    const reason = error instanceof Error ? error.message.split("\n")[0]!.slice(0, 200) : "unknown failure";
    yield { line: row + 1, problem: `cannot be read: the file begins as parquet and goes on otherwise (${reason})` };
  }
}

function jsonValue(value: unknown, depth: number): unknown {
  if (depth > 64) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  // Not a number is how a table says that there is none.
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value))
    return [...(value as unknown as Iterable<unknown>)].map((each) => jsonValue(each, depth + 1));
  if (Array.isArray(value)) return value.map((each) => jsonValue(each, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, jsonValue(each, depth + 1)]));
}
