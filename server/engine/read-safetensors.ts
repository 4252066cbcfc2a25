import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

const bytesOf: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

/** A header names each tensor in some hundred bytes; one far beyond that is none. */
const largestHeader = 64 * 2 ** 20;

/** A tensor of a file, whose values are read when they are asked for. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major values as float32. Throws `RangeError` for a number type other than F32, F16 and BF16. */
  values(): Float32Array;
}

/** Where the bytes of a safetensors file come from. */
type Read = (at: number, length: number) => Uint8Array;

/**
 * The tensors of a safetensors file, by name. The file is opened again for each tensor that is read. Format: the README of the safetensors
 * library. Throws `RangeError` where the file is none or is cut off.
 */
export function storedTensors(file: string): Map<string, StoredTensor> {
  const fd = openSync(file, "r");
  try {
    return tensorsOf(
      (at, length) => readAt(file, at, length),
      (at, length) => readFrom(fd, at, length),
      fstatSync(fd).size,
      file,
    );
  } finally {
    closeSync(fd);
  }
}

/** The tensors of a safetensors file that is in memory. Throws `RangeError` as `storedTensors` does. */
export function tensorsIn(bytes: Uint8Array, name: string): Map<string, StoredTensor> {
  const read: Read = (at, length) => bytes.subarray(at, at + length);
  return tensorsOf(read, read, bytes.length, name);
}

function tensorsOf(read: Read, readHeader: Read, size: number, file: string): Map<string, StoredTensor> {
  const none = (cause?: unknown): RangeError =>
    new RangeError(`${file} is no whole safetensors file; download or export it again.`, { cause });
  if (size < 8) throw none();
  const first = readHeader(0, 8);
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length > largestHeader || length > size - 8) throw none();
  let header: Record<string, unknown>;
  try {
    header = z.record(z.string(), z.unknown()).parse(JSON.parse(new TextDecoder().decode(readHeader(8, length))));
  } catch (error) {
    throw none(error);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const entry = Entry.safeParse(value);
    if (!entry.success) throw none(entry.error);
    const { dtype, shape, data_offsets: offsets } = entry.data;
    const count = shape.reduce((product, side) => product * side, 1);
    const width = bytesOf[dtype];
    const [begin, end] = offsets;
    if (end < begin || 8 + length + end > size || (width !== undefined && end - begin !== count * width)) throw none();
    tensors.set(name, {
      name,
      shape,
      values() {
        if (width === undefined) throw new RangeError(`The tensor ${name} is of type ${dtype}, which is not read.`);
        return floats(read(8 + length + begin, end - begin), dtype);
      },
    });
  }
  return tensors;
}

/** Little-endian numbers as float32; BF16 is the upper half of one. */
function floats(bytes: Uint8Array, dtype: string): Float32Array {
  const whole = new Uint8Array(bytes);
  if (dtype === "F32") return new Float32Array(whole.buffer);
  const halves = new Uint16Array(whole.buffer);
  if (dtype === "F16") return Float32Array.from(halves, halfToFloat);
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/** An IEEE 754 binary16 number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readAt(file: string, at: number, length: number): Uint8Array {
  const fd = openSync(file, "r");
  try {
    return readFrom(fd, at, length);
  } finally {
    closeSync(fd);
  }
}

function readFrom(fd: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const got = readSync(fd, bytes, read, length - read, at + read);
    if (got === 0) throw new RangeError("The file is shorter than its header says; download or export it again.");
    read += got;
  }
  return bytes;
}
