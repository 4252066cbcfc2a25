import { existsSync, mkdirSync, rmSync, utimesSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { recordTexts } from "../file/record-texts.ts";
import { bytesInto, lookAgain, nothingRead, type ReadSoFar, seamOf } from "../file/read-so-far.ts";
import { fold, separator } from "./text-search.ts";

/** Changes whenever what is written into an index does; an index of another version is made anew. */
const version = "1";
/** Read and indexed in one piece, in which no message is answered. */
const chunkBytes = 1 << 18;
/** Bytes of the file that are indexed in one transaction: larger ones leave fewer pieces to merge, and hold other windows up longer. */
const commitBytes = 32 << 20;
/** Lines longer than this are records that no list shows. */
export const lineLimit = 256 * 1024 * 1024;
/** What the index of words keeps in memory before it writes. */
const wordsHeldBytes = 24 << 20;
const pagesHeldKibibytes = 24 << 10;

/** Lines that hold what was looked for, and how far the file was read when they were found. */
export interface TextFound {
  /** 1-based, ascending. */
  lines: Uint32Array<ArrayBuffer>;
  /** Bytes of the file that the index covers, and lines. */
  covered: number;
}

/**
 * The words of every line of a file of trajectories: an FTS5 table without the texts themselves. It is derived from the file, grows with
 * it, and is made anew when the file is. Several processes may have one open: each transaction takes up where the last one, whoever made
 * it, ended.
 */
export class TextIndex {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;

  /** Opens or makes the index of the file `path` in `home`. Throws where SQLite, its FTS5, or the disk does not allow it. */
  static async open(path: string, home: string): Promise<TextIndex> {
    const sqlite = await import("node:sqlite");
    mkdirSync(dirname(home), { recursive: true });
    // Reading leaves no trace on a file; whoever clears up goes by its time.
    if (existsSync(home)) utimesSync(home, new Date(), new Date());
    try {
      return new TextIndex(path, new sqlite.DatabaseSync(home));
    } catch (error) {
      if (!isDamage(error)) throw error;
      TextIndex.remove(home);
      return new TextIndex(path, new sqlite.DatabaseSync(home));
    }
  }

  static remove(home: string): void {
    for (const end of ["", "-wal", "-shm"]) rmSync(`${home}${end}`, { force: true });
  }

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    database.exec(
      `PRAGMA busy_timeout = 5000; PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
       PRAGMA cache_size = -${pagesHeldKibibytes};
       CREATE TABLE IF NOT EXISTS so_far (name TEXT PRIMARY KEY, value) WITHOUT ROWID;`,
    );
    if (!this.#fits()) {
      this.#begin();
      if (!this.#fits()) this.#makeAnew();
      database.exec("COMMIT");
    }
    this.#insert = database.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)");
    this.#find = database.prepare("SELECT group_concat(rowid) AS lines FROM words WHERE words MATCH ?");
  }

  /** Bytes of the file that it covers. */
  get covered(): number {
    return Number(this.#value("read") ?? 0);
  }

  /** Lines that match an expression of FTS5, also those of a transaction in progress; none where the file was written anew since. */
  async find(match: string): Promise<TextFound> {
    if (!(await this.#stillHolds())) return { lines: new Uint32Array(), covered: 0 };
    // Read first: what another process adds in between is found as well, and looked at once more.
    const { covered } = this;
    const { lines } = this.#find.get(match) as { lines: string | null };
    return { lines: lines === null ? new Uint32Array() : Uint32Array.from(lines.split(","), Number).sort(), covered };
  }

  async #stillHolds(): Promise<boolean> {
    const file = await open(this.#path);
    try {
      return (await lookAgain(file, this.#soFar())).grown;
    } finally {
      await file.close();
    }
  }

  /**
   * Takes in what the file has gained, one transaction after another, until it has all of it. `pause` is waited for between pieces
   * of a few milliseconds: messages are answered in it, and it may end the work by rejecting.
   */
  async catchUp(pause: () => Promise<void>): Promise<void> {
    const file = await open(this.#path);
    try {
      while (await this.#step(file, pause)) await pause();
    } finally {
      await file.close();
    }
  }

  /** One transaction; false where there is nothing more to take in. */
  async #step(file: FileHandle, pause: () => Promise<void>): Promise<boolean> {
    const before = this.#soFar();
    const seen = await lookAgain(file, before);
    if (seen.grown && seen.bytes === before.bytes && seen.modified === before.modified) return false;
    this.#begin();
    try {
      // Another process may have been at it in between.
      let soFar = this.#soFar();
      const { grown, ...looked } = await lookAgain(file, soFar);
      if (!grown) {
        this.#makeAnew();
        soFar = nothingRead;
      }
      const { read, seam, all } = await this.#takeIn(file, soFar, looked.bytes, pause);
      // What is not whole yet is looked at again when the file has changed.
      const bytes = all ? looked.bytes : read;
      this.#write({ identity: looked.identity, modified: looked.modified, bytes, read, seam });
      this.#database.exec("COMMIT");
      return !all;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Indexes whole lines from where reading stopped, about as many as go into one transaction. */
  async #takeIn(
    file: FileHandle,
    { read: from, seam: before }: ReadSoFar,
    end: number,
    pause: () => Promise<void>,
  ): Promise<{ read: number; seam: Buffer; all: boolean }> {
    let [read, seam] = [from, before];
    let number = Number(this.#value("lines") ?? 0);
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    let at = from;
    const space = Buffer.alloc(chunkBytes);
    while (at < end && (at - from < commitBytes || read === from)) {
      const chunk = await bytesInto(space, file, at, Math.min(chunkBytes, end - at));
      if (chunk.length === 0) break;
      at += chunk.length;
      let start = 0;
      for (let feed = chunk.indexOf(10); feed >= 0; feed = chunk.indexOf(10, start)) {
        const line = Buffer.concat([...pending, chunk.subarray(start, feed)]);
        [pending, pendingBytes, start] = [[], 0, feed + 1];
        number += 1;
        read += line.length + 1;
        seam = seamOf(line);
        const text = indexedText(line);
        if (text !== "") this.#insert.run(number, text);
      }
      pending.push(Buffer.from(chunk.subarray(start)));
      pendingBytes += chunk.length - start;
      if (pendingBytes > lineLimit) {
        this.#put("lines", number);
        return { read, seam, all: true };
      }
      await pause();
    }
    this.#put("lines", number);
    return { read, seam, all: at >= end };
  }

  close(): void {
    this.#database.close();
  }

  #makeAnew(): void {
    this.#database.exec(
      `DROP TABLE IF EXISTS words; DELETE FROM so_far;
       CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, tokenize="unicode61 remove_diacritics 0");
       INSERT INTO words (words, rank) VALUES ('hashsize', ${wordsHeldBytes});
       INSERT INTO words (words, rank) VALUES ('pgsz', 16000);`,
    );
    this.#put("version", version);
    this.#put("path", this.#path);
  }

  #soFar(): ReadSoFar {
    const seam = this.#value("seam");
    return {
      identity: String(this.#value("identity") ?? ""),
      bytes: Number(this.#value("bytes") ?? 0),
      modified: Number(this.#value("modified") ?? 0),
      read: this.covered,
      seam: seam instanceof Uint8Array ? Buffer.from(seam) : Buffer.alloc(0),
    };
  }

  #write({ identity, bytes, modified, read, seam }: ReadSoFar): void {
    for (const [name, value] of Object.entries({ identity, bytes, modified, read, seam })) this.#put(name, value);
  }

  #value(name: string): unknown {
    return this.#database.prepare("SELECT value FROM so_far WHERE name = ?").get(name)?.["value"];
  }

  #put(name: string, value: string | number | Buffer): void {
    this.#database.prepare("INSERT OR REPLACE INTO so_far (name, value) VALUES (?, ?)").run(name, value);
  }

  #fits(): boolean {
    return this.#value("version") === version && this.#value("path") === this.#path;
  }

  #begin(): void {
    this.#database.exec("BEGIN IMMEDIATE");
  }
}

function indexedText(line: Buffer): string {
  // What stands for the separator in a text would let a phrase reach from one text into the next.
  return recordTexts(line)
    .flat()
    .map((text) => fold(text).replaceAll("\ue000", " "))
    .join(separator);
}

/** Another process has written for longer than was waited (SQLITE_BUSY). */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 5;
}

/** Whether SQLite found its file damaged (SQLITE_CORRUPT, SQLITE_NOTADB): what a machine that went down in the middle may leave. The index is derived, so it goes. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === 11 || code === 26;
}

function codeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}
