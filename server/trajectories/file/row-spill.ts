import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const tailBytes = 256 * 1024;

/** Where a text was put. */
export interface SpillPlace {
  at: number;
  bytes: number;
}

/**
 * Texts that are read now and then, kept in a file without a name that the system takes back when it is closed, however the process ends.
 * Where no such file can be written they stay in memory.
 */
export class RowSpill {
  #file: number | undefined;
  /** What is behind the file's end, in their order. */
  readonly #held: { at: number; bytes: Buffer }[] = [];
  #tail = Buffer.alloc(0);
  #tailAt = 0;
  #used = 0;
  #failed = false;

  add(text: string): SpillPlace {
    const bytes = Buffer.from(text, "utf8");
    if (this.#used + bytes.length > this.#tail.length) {
      this.#flush();
      this.#tail = Buffer.alloc(Math.max(tailBytes, bytes.length));
    }
    const place = { at: this.#tailAt + this.#used, bytes: bytes.length };
    bytes.copy(this.#tail, this.#used);
    this.#used += bytes.length;
    return place;
  }

  read({ at, bytes }: SpillPlace): string {
    if (at >= this.#tailAt) return this.#tail.toString("utf8", at - this.#tailAt, at - this.#tailAt + bytes);
    const held = this.#held.findLast((piece) => piece.at <= at);
    if (held) return held.bytes.toString("utf8", at - held.at, at - held.at + bytes);
    const read = Buffer.alloc(bytes);
    if (this.#file === undefined || readSync(this.#file, read, 0, bytes, at) < bytes)
      throw new Error("The rows of this file are no longer kept; open it again.");
    return read.toString("utf8");
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    // What a reading that is just ending still adds makes no file again.
    this.#failed = true;
  }

  #flush(): void {
    const bytes = this.#tail.subarray(0, this.#used);
    if (bytes.length > 0 && !this.#write(bytes)) this.#held.push({ at: this.#tailAt, bytes: Buffer.from(bytes) });
    this.#tailAt += this.#used;
    this.#used = 0;
  }

  #write(bytes: Buffer): boolean {
    if (this.#failed) return false;
    try {
      this.#file ??= namelessFile();
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#tailAt + done);
      return true;
    } catch {
      this.#failed = true;
      return false;
    }
  }
}

function namelessFile(): number {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-rows-"));
  try {
    return openSync(join(folder, "rows"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
