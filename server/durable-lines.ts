import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * A line without its line feed. Pieces are written one behind the other and never joined: one character beyond Latin-1 doubles the memory of
 * the whole string it stands in, and slows what is done with it.
 */
export type Line = string | readonly string[];

/** A file of lines that grows at its end: a line that was appended is on disk, and no half line is ever followed by another. */
export interface DurableLines {
  /** Bytes of whole lines. */
  readonly size: number;
  /**
   * Appends lines in one durable step and answers the byte at which each begins. Throws the system's error where the disk refuses; then
   * none of them is in the file.
   */
  append(lines: Iterable<Line>): number[];
  close(): void;
}

/** Opens for appending, after the last whole line: what a process that died had half written goes. */
export function openDurableLines(file: string): DurableLines {
  const descriptor = openSync(file, "a+", 0o600);
  let size = wholeBytes(descriptor);
  let torn = fstatSync(descriptor).size > size;
  const mend = (): void => {
    if (!torn) return;
    ftruncateSync(descriptor, size);
    torn = false;
  };
  mend();
  return {
    get size() {
      return size;
    },
    append(lines) {
      mend();
      const places: number[] = [];
      let end = size;
      torn = true;
      try {
        for (const { bytes, starts } of batches(lines)) {
          for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
          for (const start of starts) places.push(end + start);
          end += bytes.length;
        }
        fsyncSync(descriptor);
      } catch (error) {
        try {
          mend();
        } catch {
          // The next append tries again, before it writes.
        }
        throw error;
      }
      torn = false;
      size = end;
      return places;
    },
    close: () => closeSync(descriptor),
  };
}

/** Bytes that are written in one go, about. */
const batchBytes = 1 << 20;

/** Lines as bytes with their line feeds, many lines together, and where each begins among them. A batch is written before the next is made. */
function* batches(lines: Iterable<Line>): Generator<{ bytes: Uint8Array; starts: number[] }> {
  let scratch: Buffer = Buffer.alloc(0);
  let length = 0;
  let starts: number[] = [];
  for (const line of lines) {
    const pieces = typeof line === "string" ? [line] : line;
    // A character takes three bytes at most.
    const most = 3 * pieces.reduce((sum, { length: characters }) => sum + characters, 0) + 1;
    if (length > 0 && length + most > scratch.length) {
      yield { bytes: scratch.subarray(0, length), starts };
      [length, starts] = [0, []];
    }
    // One line alone, as of an event, takes no more than it needs.
    if (most > scratch.length) scratch = Buffer.allocUnsafe(scratch.length === 0 ? most : Math.max(most, batchBytes));
    starts.push(length);
    for (const piece of pieces) length += scratch.write(piece, length, "utf8");
    scratch[length++] = 0x0a;
  }
  if (length > 0) yield { bytes: scratch.subarray(0, length), starts };
}

/** Bytes up to and with the last line feed of a file, looked for from its end. */
export function wholeBytes(descriptor: number): number {
  const chunk = Buffer.alloc(65_536);
  for (let end = fstatSync(descriptor).size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(descriptor, chunk, 0, end - start, start);
    const at = chunk.subarray(0, read).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** Replaces a file in one step; it is on disk when this returns. */
export function replaceFile(file: string, content: string | Uint8Array, mode = 0o644): void {
  const scratch = `${file}.${process.pid}`;
  try {
    const descriptor = openSync(scratch, "w", mode);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(scratch, file);
  } catch (error) {
    rmSync(scratch, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Makes the names of fresh files durable; systems that cannot open a folder keep them without it. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
