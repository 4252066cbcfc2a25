import { randomUUID } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { RowProblem, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { recordsOf } from "./line-records.ts";
import { bytesAt, lookAgain, nothingRead, type ReadSoFar, seamOf } from "./read-so-far.ts";

const chunkBytes = 1 << 20;
/** A line longer than this is a problem of its own: no trajectory is, and it would have to be held at once. */
export const lineLimit = 256 * 1024 * 1024;
const problemsKept = 200;
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Where a record stands in its file. */
interface RecordPlace {
  offset: number;
  bytes: number;
  /** 1-based. */
  line: number;
  /** Which of the line's records, where a log holds several. */
  part: number;
}

/** A line as it stands in the file, and its records. */
export interface RawLine {
  records: { key: number; part: number }[];
  bytes: Buffer;
}

/** The rows of one line, and where it stands. */
export interface LinePlace {
  line: number;
  offset: number;
  bytes: number;
  records: RawLine["records"];
}

/** Makes the row that a list shows; the index fills in what depends on other rows. */
export type MakeRow = (trajectory: Trajectory) => Omit<TrajectoryRow, "key" | "line" | "zeroVariance">;

/**
 * The records of a file of JSON lines: one row and one range of bytes for each, made in one pass over the file and kept while it
 * grows. Records themselves are read by range when they are asked for, so memory grows with the number of rows and not with
 * their texts.
 */
export class RowIndex {
  /** Keys of rows mean something within this one only. */
  readonly id = randomUUID();
  readonly rows: TrajectoryRow[] = [];
  readonly problems: RowProblem[] = [];
  problemCount = 0;
  /** Counts up whenever rows came or went. */
  version = 0;
  readonly #path: string;
  readonly #makeRow: MakeRow;
  readonly #places = new Map<number, RecordPlace>();
  readonly #byId = new Map<string, number>();
  #lines: { version: number; places: readonly LinePlace[] } | undefined;
  #line = 1;
  #nextKey = 0;
  #soFar: ReadSoFar = nothingRead;
  /** Key of the row that was made of a last line without its line feed; replaced when the line is whole. */
  #unfinished: number[] = [];
  #reading: Promise<void> | undefined;

  constructor(path: string, makeRow: MakeRow) {
    this.#path = path;
    this.#makeRow = makeRow;
  }

  /** Bytes of whole lines that were read. */
  get read(): number {
    return this.#soFar.read;
  }

  /** Bytes of the file when it was last looked at. */
  get bytes(): number {
    return this.#soFar.bytes;
  }

  get complete(): boolean {
    return this.#reading === undefined;
  }

  /**
   * Reads what the file has gained, or all of it when it was written anew. Resolves when that is done or after some
   * milliseconds, whichever is first; reading goes on behind. Throws what the file system throws.
   */
  async catchUp(patience: number, signal: AbortSignal): Promise<void> {
    if (!this.#reading) {
      const reading = this.#catchUp(signal).finally(() => (this.#reading = undefined));
      this.#reading = reading;
    }
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([this.#reading, enough]).finally(() => clearTimeout(timer));
    this.#reading?.catch(() => undefined);
  }

  /** One record, read from its range; undefined where there is none of this key or it is no longer what it was. */
  async record(key: number): Promise<Trajectory | undefined> {
    const place = this.#places.get(key);
    if (!place) return undefined;
    const file = await open(this.#path);
    try {
      return recordsOf(await bytesAt(file, place.offset, place.bytes), "", 1)[place.part]?.trajectory;
    } finally {
      await file.close();
    }
  }

  /** The lines that hold records, in the order of the file. */
  lines(): readonly LinePlace[] {
    if (this.#lines?.version === this.version) return this.#lines.places;
    const lines = new Map<number, LinePlace>();
    for (const [key, { offset, bytes, line, part }] of this.#places) {
      const known = lines.get(offset);
      if (known) known.records.push({ key, part });
      else lines.set(offset, { line, offset, bytes, records: [{ key, part }] });
    }
    const places = [...lines.values()].sort((a, b) => a.offset - b.offset);
    this.#lines = { version: this.version, places };
    return places;
  }

  /** Lines as they stand in the file; ends early when the signal says so. */
  async *rawLines(lines: readonly LinePlace[], signal: AbortSignal): AsyncGenerator<RawLine> {
    const file = await open(this.#path);
    try {
      for (const { offset, bytes, records } of lines) {
        if (signal.aborted) return;
        yield { records, bytes: await bytesAt(file, offset, bytes) };
      }
    } finally {
      await file.close();
    }
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const file = await open(this.#path);
    try {
      const { grown, ...looked } = await lookAgain(file, this.#soFar);
      if (!grown) this.#forget();
      this.#soFar = { ...this.#soFar, ...looked };
      if (this.bytes > this.read) await this.#readOn(file, new Date(looked.modified).toISOString(), signal);
    } finally {
      await file.close();
    }
  }

  async #readOn(file: FileHandle, createdAt: string, signal: AbortSignal): Promise<void> {
    for (const key of this.#unfinished) this.#remove(key);
    this.#unfinished = [];
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    let at = this.read;
    while (at < this.bytes && !signal.aborted) {
      const chunk = await bytesAt(file, at, Math.min(chunkBytes, this.bytes - at));
      if (chunk.length === 0) break;
      at += chunk.length;
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        const line = Buffer.concat([...pending, chunk.subarray(from, end)]);
        pending = [];
        pendingBytes = 0;
        this.#take(line, createdAt);
        this.#soFar = { ...this.#soFar, read: this.read + line.length + 1, seam: seamOf(line) };
        this.#line += 1;
        from = end + 1;
      }
      pending.push(Buffer.from(chunk.subarray(from)));
      pendingBytes += chunk.length - from;
      if (pendingBytes > lineLimit) {
        this.#problem(`is longer than ${lineLimit / 1024 / 1024} MiB; the rest of the file is not read`);
        return;
      }
    }
    // A last line without its line feed may still be being written.
    if (pendingBytes > 0 && !signal.aborted) this.#unfinished = this.#take(Buffer.concat(pending), createdAt, true);
  }

  /** Adds the records of a line; answers their keys. A line in progress that is no record yet is no problem. */
  #take(line: Buffer, createdAt: string, inProgress = false): number[] {
    if (line.length === 0 || line.toString("latin1").trim() === "") return [];
    const place = { offset: this.read, bytes: line.length, line: this.#line };
    return recordsOf(line, createdAt, this.#line).flatMap(({ trajectory, own, reason }, part) => {
      if (trajectory) return [this.#add(trajectory, own, { ...place, part })];
      if (!inProgress) this.#problem(reason);
      return [];
    });
  }

  #add(trajectory: Trajectory, own: boolean, place: RecordPlace): number {
    // A run writes a record again when it knows more of it; the later one counts. Ids of other programs name questions at times.
    const replaced = own && ulid.test(trajectory.id) ? this.#byId.get(trajectory.id) : undefined;
    if (replaced !== undefined) this.#remove(replaced);
    const key = this.#nextKey++;
    this.rows.push({ ...this.#makeRow(trajectory), key, line: this.#line });
    this.#places.set(key, place);
    if (own) this.#byId.set(trajectory.id, key);
    this.version += 1;
    return key;
  }

  #remove(key: number): void {
    const at = this.rows.findLastIndex((row) => row.key === key);
    if (at >= 0) this.rows.splice(at, 1);
    this.#places.delete(key);
    this.version += 1;
  }

  #problem(reason: string): void {
    this.problemCount += 1;
    if (this.problems.length < problemsKept) this.problems.push({ line: this.#line, reason });
  }

  #forget(): void {
    this.rows.length = 0;
    this.problems.length = 0;
    this.problemCount = 0;
    this.#soFar = nothingRead;
    this.#line = 1;
    this.#unfinished = [];
    this.#places.clear();
    this.#byId.clear();
    this.version += 1;
  }
}
