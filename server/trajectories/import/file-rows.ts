import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { isParquet, parquetRows } from "./parquet-rows.ts";
import { parseJson } from "./record-json.ts";

/** One record of a file with the line it begins at (1-based). */
export type FileRow = { line: number; data: unknown } | { line: number; problem: string };

/** Above this a file that is no JSON lines is not read at once. */
const wholeLimit = 256 * 1024 * 1024;
/** Above this (UTF-16 units) a line is passed over, without being held. */
const lineLimit = 128 * 1024 * 1024;

/**
 * The records of a file by its content: parquet, JSON lines, one JSON array or object, or plain text (transcripts, each a string).
 * A line that is no JSON is a problem of that line only. Throws what the file system throws.
 */
export async function* fileRows(file: string): AsyncGenerator<FileRow> {
  if (await isParquet(file)) return yield* parquetRows(file);
  let first = true;
  for await (const { line, text } of lines(file)) {
    if (text === undefined) {
      first = false;
      yield { line, problem: "is longer than is read at once" };
      continue;
    }
    if (text.trim() === "") continue;
    const parsed = parseJson(text);
    // The first line decides: a file of records begins with an object that is whole on that line.
    if (first && !(parsed.ok && isRecord(parsed.value))) return yield* wholeFile(file);
    first = false;
    yield parsed.ok ? { line, data: parsed.value } : { line, problem: "is no JSON" };
  }
}

async function* wholeFile(file: string): AsyncGenerator<FileRow> {
  const { size } = await stat(file);
  if (size > wholeLimit) return yield { line: 1, problem: "is too long for anything but JSON lines" };
  const text = (await readFile(file, "utf8")).replace(/^\ufeff/u, "");
  const parsed = parseJson(text);
  if (parsed.ok && Array.isArray(parsed.value)) {
    for (const [index, data] of parsed.value.entries()) yield { line: index + 1, data };
  } else if (parsed.ok) yield { line: 1, data: parsed.value };
  else if (/^\s*\{/u.test(text)) yield* looseLines(text);
  else yield* transcripts(text);
}

/** JSON lines whose first line is damaged. */
function* looseLines(text: string): Generator<FileRow> {
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const parsed = parseJson(line);
    yield parsed.ok ? { line: index + 1, data: parsed.value } : { line: index + 1, problem: "is no JSON" };
  }
}

/** Where a transcript begins in a plain text: a chat template, or the question of a ReAct log. */
const beginnings = /^(?:<\|im_start\|>system$|Question: [^\n]*\nThought 1:)/gmu;

function* transcripts(text: string): Generator<FileRow> {
  const starts = [...text.matchAll(beginnings)].map(({ index }) => index);
  for (const [index, start] of (starts.length > 0 ? starts : [0]).entries()) {
    const line = text.slice(0, start).split("\n").length;
    yield { line, data: text.slice(start, starts[index + 1] ?? text.length) };
  }
}

/** Lines cut at line feeds only: JSON strings may hold the other line separators of Unicode. */
async function* lines(file: string): AsyncGenerator<{ line: number; text: string | undefined }> {
  let line = 1;
  let length = 0;
  let parts: string[] = [];
  const whole = (): string | undefined => (length > lineLimit ? undefined : parts.join(""));
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const pieces = (chunk as string).split("\n");
    for (const [index, piece] of pieces.entries()) {
      length += piece.length;
      if (length <= lineLimit) parts.push(piece);
      else parts = [];
      if (index === pieces.length - 1) continue;
      yield { line, text: whole() };
      parts = [];
      length = 0;
      line += 1;
    }
  }
  if (length > 0) yield { line, text: whole() };
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
