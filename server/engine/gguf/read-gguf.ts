import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export type GgufValue = number | bigint | boolean | string | GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** Fastest dimension first, as the file has it. */
  readonly dimensions: readonly number[];
  /** Number of the quantisation, as ggml counts them. */
  readonly type: number;
  /** Of the tensor's bytes in the file. */
  readonly offset: number;
}

/** A GGUF file's header: everything but the weights. */
export interface GgufHeader {
  readonly fields: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  readonly fileBytes: number;
}

/** The file is no GGUF that can be read. The message is one sentence. */
export class GgufError extends Error {
  override readonly name = "GgufError";
}

/** A header holds the vocabulary, some megabytes; more than this is no header. */
const largestHeader = 256 * 2 ** 20;
const mostTensors = 100_000;
const mostFields = 100_000;

/**
 * Reads the header of a GGUF file of version 2 or 3 (little-endian): magic, version, counts, typed fields, tensor descriptions, then the
 * weights at a multiple of the alignment. Format: docs/gguf.md of ggml. Throws `GgufError`.
 */
export function readGguf(file: string): GgufHeader {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, largestHeader));
    let read = 0;
    while (read < buffer.byteLength) {
      const got = readSync(fd, buffer, read, buffer.byteLength - read, read);
      if (got === 0) break;
      read += got;
    }
    return parseHeader(new Cursor(buffer.subarray(0, read)), size);
  } catch (error) {
    if (error instanceof RangeError) throw new GgufError(`${file} ends in the middle of its header or is damaged.`);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function parseHeader(cursor: Cursor, fileBytes: number): GgufHeader {
  if (cursor.ascii(4) !== "GGUF") throw new GgufError("The file is no GGUF file.");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new GgufError(`The file is GGUF version ${version}; 2 and 3 can be read.`);
  const tensorCount = cursor.count(mostTensors);
  const fieldCount = cursor.count(mostFields);
  const fields = new Map<string, GgufValue>();
  for (let i = 0; i < fieldCount; i++) fields.set(cursor.string(), cursor.value(cursor.u32()));
  const described = Array.from({ length: tensorCount }, () => {
    const name = cursor.string();
    const dimensions = Array.from({ length: cursor.u32Within(4) }, () => cursor.count(2 ** 31));
    return { name, dimensions, type: cursor.u32(), offset: cursor.count(Number.MAX_SAFE_INTEGER) };
  });
  const alignment = fields.get("general.alignment");
  const step = typeof alignment === "number" && alignment > 0 ? alignment : 32;
  const start = Math.ceil(cursor.at / step) * step;
  const tensors = described.map((tensor) => ({ ...tensor, offset: start + tensor.offset }));
  for (const { name, offset } of tensors)
    if (offset >= fileBytes) throw new GgufError(`The file ends before its tensor ${name}; download it again.`);
  return { fields, tensors, fileBytes };
}

/** Reads on and on; past the end it throws `RangeError`, as `Buffer` does. */
class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#next(4));
  }

  /** A number that is read and must not be larger. */
  u32Within(most: number): number {
    const value = this.u32();
    if (value > most) throw new RangeError();
    return value;
  }

  count(most: number): number {
    const value = this.#bytes.readBigUInt64LE(this.#next(8));
    if (value > BigInt(most)) throw new RangeError();
    return Number(value);
  }

  ascii(length: number): string {
    const at = this.#next(length);
    return this.#bytes.toString("latin1", at, at + length);
  }

  string(): string {
    const length = this.count(this.#bytes.byteLength);
    const at = this.#next(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  value(type: number, depth = 0): GgufValue {
    const bytes = this.#bytes;
    switch (type) {
      case 0:
        return bytes.readUInt8(this.#next(1));
      case 1:
        return bytes.readInt8(this.#next(1));
      case 2:
        return bytes.readUInt16LE(this.#next(2));
      case 3:
        return bytes.readInt16LE(this.#next(2));
      case 4:
        return this.u32();
      case 5:
        return bytes.readInt32LE(this.#next(4));
      case 6:
        return bytes.readFloatLE(this.#next(4));
      case 7:
        return bytes.readUInt8(this.#next(1)) !== 0;
      case 8:
        return this.string();
      case 9: {
        if (depth > 3) throw new RangeError();
        const inner = this.u32();
        const length = this.count(bytes.byteLength);
        const values: GgufValue[] = [];
        for (let i = 0; i < length; i++) values.push(this.value(inner, depth + 1));
        return values;
      }
      case 10:
        return bytes.readBigUInt64LE(this.#next(8));
      case 11:
        return bytes.readBigInt64LE(this.#next(8));
      case 12:
        return bytes.readDoubleLE(this.#next(8));
      default:
        throw new GgufError(`The file has a field of an unknown type ${type}.`);
    }
  }

  #next(length: number): number {
    if (this.at + length > this.#bytes.byteLength) throw new RangeError();
    const at = this.at;
    this.at += length;
    return at;
  }
}
