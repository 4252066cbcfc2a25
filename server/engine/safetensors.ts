import { closeSync, openSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

/** One tensor to be written: its bytes are asked for when its turn comes, so that a model need not be in memory as a whole. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major float32 values, as many as the shape has. */
  readonly values: () => Float32Array;
}

const bytesPerValue = 4;

/**
 * Writes float32 tensors as a safetensors file: the header's length (8 bytes, little-endian), the header (JSON, padded with spaces to a
 * multiple of 8), the values. Format: the README of the safetensors library.
 */
export function writeSafetensors(file: string, tensors: readonly TensorSource[]): void {
  const { head, ordered } = planned(tensors);
  const fd = openSync(file, "w");
  try {
    writeAll(fd, head);
    for (const tensor of ordered) writeTensor(fd, tensor);
  } finally {
    closeSync(fd);
  }
}

/** The same, giving way to other work of the process after each tensor: a server that answers an editor must not stand still meanwhile. */
export async function writeSafetensorsInTurns(file: string, tensors: readonly TensorSource[]): Promise<void> {
  const { head, ordered } = planned(tensors);
  const fd = openSync(file, "w");
  try {
    writeAll(fd, head);
    for (const tensor of ordered) {
      writeTensor(fd, tensor);
      await setImmediate();
    }
  } finally {
    closeSync(fd);
  }
}

/** The bytes before the values, and the tensors in the order of their values. */
function planned(tensors: readonly TensorSource[]): { head: Buffer; ordered: readonly TensorSource[] } {
  const ordered = tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, shape } of ordered) {
    const end = offset + sizeOf(shape) * bytesPerValue;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(Buffer.byteLength(text) / 8) * 8), "utf8");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.byteLength));
  return { head: Buffer.concat([length, padded]), ordered };
}

function writeTensor(fd: number, { name, shape, values }: TensorSource): void {
  const floats = values();
  if (floats.length !== sizeOf(shape))
    throw new Error(`The tensor ${name} has ${floats.length} values, not ${sizeOf(shape)}.`);
  writeAll(fd, Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
}
