import { randomUUID } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type RowProblem, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { recordsOf } from "./line-records.ts";
import { bytesAt, bytesInto, lookAgain, nothingRead, type ReadSoFar, seamOf } from "./read-so-far.ts";
import { hashOf, type RecordPlace, RowColumns } from "./row-columns.ts";
import { RowSpill } from "./row-spill.ts";
import { floats, wholes } from "./grown-column.ts";
import { isFileFailure, whyUnread } from "../../file-failure.ts";

const chunkBytes = 1 << 20;
/** A line longer than this is a problem of its own: no trajectory is, and it would have to be held at once. */
export const lineLimit = 256 * 1024 * 1024;
const problemsKept = 200;
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A line as it stands in the file, and its records. */
export interface RawLine {
  records: { key: number; part: number }[];
  bytes: Buffer;
}

/** Makes the row that a list shows; the index fills in what depends on other rows. */
export type MakeRow = (trajectory: Trajectory) => Omit<TrajectoryRow, "key" | "line" | "zeroVariance">;

/**
 * The records of a file of JSON lines: one row and one range of bytes for each, made in one pass over the file and kept while it
 * grows. In memory are the columns that rows are chosen and put in order by; the rows that a list shows and the records
 * themselves are read by range when they are asked for.
 */
export class RowIndex {
  /** Names a reading of the file, within which alone a key means something. */
  id = randomUUID();
  columns = new RowColumns();
  /** What a list names a row by is this much more than its key in the columns, so that no name of an earlier reading is used again. */
  base = 0;
  readonly problems: RowProblem[] = [];
  problemCount = 0;
  /** Counts up whenever rows came or went. */
  version = 0;
  readonly #path: string;
  readonly #makeRow: MakeRow;
  /** Keys by the hash of an id that is of one trajectory alone. */
  readonly #byId = new Map<number, number>();
  #spill = new RowSpill();
  #rowAt = floats();
  #rowBytes = wholes();
  readonly #closing = new AbortController();
  #line = 1;
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
      const ending = AbortSignal.any([signal, this.#closing.signal]);
      const reading = this.#catchUp(ending).finally(() => (this.#reading = undefined));
      this.#reading = reading;
    }
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([this.#reading, enough]).finally(() => clearTimeout(timer));
    this.#reading?.catch(() => undefined);
  }

  /** Ends reading, and takes back what was kept of rows. */
  close(): void {
    this.#closing.abort();
    this.#spill.close();
  }

  /** The row of a key in the columns, named for a list. */
  row(key: number): TrajectoryRow {
    const text = this.#spill.read({ at: this.#rowAt.values[key]!, bytes: this.#rowBytes.values[key]! });
    const line = this.columns.line.values[key];
    return TrajectoryRow.parse({ ...(JSON.parse(text) as object), key: this.base + key, line });
  }

  /** One record, by the name that a list has for its row, read from its range; undefined where there is none or it is no longer what it was. */
  async record(named: number): Promise<Trajectory | undefined> {
    const key = named - this.base;
    if (!this.columns.has(key)) return undefined;
    const place = this.columns.place(key);
    const file = await opened(this.#path);
    try {
      return recordsOf(await bytesAt(file, place.offset, place.bytes), "", 1)[place.part]?.trajectory;
    } finally {
      await file.close();
    }
  }

  /** The lines of some rows, given in the order of the file, as they stand in it; ends early when the signal says so. */
  async *rawLines(keys: Iterable<number>, signal: AbortSignal): AsyncGenerator<RawLine> {
    const file = await opened(this.#path);
    const read = async ({ offset, bytes }: RecordPlace): Promise<Buffer> => bytesAt(file, offset, bytes);
    try {
      let at: RecordPlace | undefined;
      let records: RawLine["records"] = [];
      for (const key of keys) {
        if (signal.aborted) return;
        const place = this.columns.place(key);
        if (at && at.offset !== place.offset) {
          yield { records, bytes: await read(at) };
          records = [];
        }
        at = place;
        records.push({ key, part: place.part });
      }
      if (at && !signal.aborted) yield { records, bytes: await read(at) };
    } finally {
      await file.close();
    }
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const file = await opened(this.#path);
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
    const space = Buffer.alloc(Math.min(chunkBytes, this.bytes - at));
    while (at < this.bytes && !signal.aborted) {
      const chunk = await bytesInto(space, file, at, Math.min(chunkBytes, this.bytes - at));
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
    const id = own && ulid.test(trajectory.id) ? hashOf(trajectory.id) : undefined;
    const known = id === undefined ? undefined : this.#byId.get(id);
    if (known !== undefined && this.columns.has(known) && this.row(known).id === trajectory.id) this.#remove(known);
    const row = this.#makeRow(trajectory);
    const key = this.columns.add(row, place);
    const { at, bytes } = this.#spill.add(JSON.stringify(row));
    this.#rowAt.push(at);
    this.#rowBytes.push(bytes);
    if (id !== undefined) this.#byId.set(id, key);
    this.version += 1;
    return key;
  }

  #remove(key: number): void {
    this.columns.remove(key);
    this.version += 1;
  }

  #problem(reason: string): void {
    this.problemCount += 1;
    if (this.problems.length < problemsKept) this.problems.push({ line: this.#line, reason });
  }

  #forget(): void {
    this.id = randomUUID();
    this.base += this.columns.count;
    this.columns = new RowColumns();
    this.#spill.close();
    this.#spill = new RowSpill();
    this.#rowAt = floats();
    this.#rowBytes = wholes();
    this.problems.length = 0;
    this.problemCount = 0;
    this.#soFar = nothingRead;
    this.#line = 1;
    this.#unfinished = [];
    this.#byId.clear();
    this.version += 1;
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    const message = `${path} ${whyUnread(error)}; open another file, or this one again once it is there.`;
    throw new Error(message, { cause: error });
  }
}
