import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { RunEvent, type RunEventBody } from "../../protocol/run.ts";
import { type DurableLines, openDurableLines, wholeBytes } from "../durable-lines.ts";

/** The events of a run, open for writing. One process at a time; the run's lock sees to that. */
export interface EventLog {
  /** `seq` of the next event. */
  readonly next: number;
  /** On disk when it returns. `beside` are fields of the line that readers of events do not see. */
  append(body: RunEventBody, beside?: object): void;
  close(): void;
}

/** Opens `events.jsonl` for appending; numbers go on after the last whole line. */
export function openEventLog(file: string, now: () => Date = () => new Date()): EventLog {
  const lines: DurableLines = openDurableLines(file);
  let next = lines.size === 0 ? 0 : lastSeq(file) + 1;
  return {
    get next() {
      return next;
    },
    append(body, beside = {}) {
      // `seq` and `type` come first: readers look for them without parsing a line.
      const { type, ...fields } = body;
      lines.append([JSON.stringify({ seq: next, at: now().toISOString(), type, ...fields, ...beside })]);
      next++;
    },
    close: () => lines.close(),
  };
}

/** `seq` of the last whole line, −1 where there is none. */
export function lastSeq(file: string): number {
  if (!existsSync(file)) return -1;
  const descriptor = openSync(file, "r");
  try {
    const end = wholeBytes(descriptor);
    if (end === 0) return -1;
    return seqOf(lineAt(descriptor, startOfLine(descriptor, end - 1), end)) ?? -1;
  } finally {
    closeSync(descriptor);
  }
}

/** The number of an event's line without parsing it. */
export function seqOf(line: string): number | undefined {
  const found = /^\{"seq":(\d{1,15}),/.exec(line)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The type of an event's line without parsing it. */
export function typeOf(line: string): string | undefined {
  return /^\{"seq":\d+,"at":"[^"]*","type":"([a-z-]+)"/.exec(line)?.[1];
}

/** The event of a line; undefined where it is none, or one of a later version. */
export function eventOf(line: string): RunEvent | undefined {
  try {
    return RunEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Byte at which the first line with `seq ≥ from` begins, or the end of the whole lines. Found by halving, since numbers rise: a few
 * reads, however long the file.
 */
export function offsetOf(descriptor: number, from: number): number {
  const end = wholeBytes(descriptor);
  let low = 0;
  let high = end;
  while (from > 0 && low < high) {
    const start = startOfLine(descriptor, Math.floor((low + high) / 2));
    const line = lineAt(descriptor, start, end);
    if ((seqOf(line) ?? -1) >= from) high = start;
    else low = start + Buffer.byteLength(line) + 1;
  }
  return Math.min(low, end);
}

/** Whole lines of a file from a byte on, piece by piece, with the byte after each. Ends at the last whole line there is. */
export function* wholeLines(descriptor: number, from: number): Generator<{ line: string; end: number }> {
  const chunk = Buffer.alloc(65_536);
  let rest: Buffer = Buffer.alloc(0);
  let at = from;
  for (;;) {
    const read = readSync(descriptor, chunk, 0, chunk.length, at + rest.length);
    if (read === 0) return;
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
    let start = 0;
    for (let feed = bytes.indexOf(0x0a); feed >= 0; feed = bytes.indexOf(0x0a, start)) {
      at += feed + 1 - start;
      yield { line: bytes.toString("utf8", start, feed), end: at };
      start = feed + 1;
    }
    rest = bytes.subarray(start);
  }
}

/** Byte at which the line that holds a byte begins. */
function startOfLine(descriptor: number, byte: number): number {
  const chunk = Buffer.alloc(4096);
  for (let end = byte; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const read = readSync(descriptor, chunk, 0, end - start, start);
    const feed = chunk.subarray(0, read).lastIndexOf(0x0a);
    if (feed >= 0) return start + feed + 1;
    end = start;
  }
  return 0;
}

function lineAt(descriptor: number, start: number, end: number): string {
  const parts: Buffer[] = [];
  const size = Math.min(end, fstatSync(descriptor).size);
  for (let at = start; at < size;) {
    const chunk = Buffer.alloc(Math.min(4096, size - at));
    const read = readSync(descriptor, chunk, 0, chunk.length, at);
    if (read === 0) break;
    const feed = chunk.subarray(0, read).indexOf(0x0a);
    if (feed >= 0) {
      parts.push(chunk.subarray(0, feed));
      break;
    }
    parts.push(chunk.subarray(0, read));
    at += read;
  }
  return Buffer.concat(parts).toString("utf8");
}
