import type { FileHandle } from "node:fs/promises";

/** Bytes before the end of what was read that are compared to tell a file that grew from one that was written anew. */
const seamBytes = 64;

/** How far a file of lines was read, and by what it is known again. */
export interface ReadSoFar {
  /** Device and number of the file. */
  identity: string;
  /** Bytes of the file, and milliseconds of its last change, when it was last looked at. */
  bytes: number;
  modified: number;
  /** Bytes of whole lines that were read. */
  read: number;
  /** The last of them, as they stood. */
  seam: Buffer;
}

export const nothingRead: ReadSoFar = { identity: "", bytes: 0, modified: 0, read: 0, seam: Buffer.alloc(0) };

/** What the file is at present, and whether what was read of it is still its beginning. */
export async function lookAgain(
  file: FileHandle,
  before: ReadSoFar,
): Promise<{ identity: string; bytes: number; modified: number; grown: boolean }> {
  const { dev, ino, size, mtimeMs } = await file.stat();
  const identity = `${dev}:${ino}`;
  const sameFile =
    identity === before.identity &&
    size >= before.read &&
    !(size === before.bytes && mtimeMs !== before.modified) &&
    (await bytesAt(file, before.read - before.seam.length, before.seam.length)).equals(before.seam);
  return { identity, bytes: size, modified: mtimeMs, grown: sameFile };
}

/** What is kept of a line, without its line feed, as the seam behind it. */
export function seamOf(line: Buffer): Buffer {
  return Buffer.from(`${line.subarray(-seamBytes + 1).toString("latin1")}\n`, "latin1");
}

export async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  return bytesInto(Buffer.alloc(length), file, offset, length);
}

/** Reads into a buffer that is used again and again; what is kept of it has to be copied. A new one each time is garbage that piles up. */
export async function bytesInto(buffer: Buffer, file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
