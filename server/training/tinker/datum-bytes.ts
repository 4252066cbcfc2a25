import { littleEndian } from "./arrays.ts";
import type { Datum } from "./shifted-datum.ts";
import {
  ChunkSchema,
  DatumSchema,
  EncodedTextChunkSchema,
  ForwardBackwardRequestSchema,
  TensorSchema,
} from "./tinker_pb.ts";

/** A field of a protobuf message that has a length before its content. */
interface Field {
  readonly tag: number;
  /** Bytes of the content. */
  readonly length: number;
  readonly content: readonly Part[];
}

/** Bytes as they are, ids as int64 values, or a field. */
type Part = Uint8Array | Int32Array | Field;

/**
 * A `ForwardBackwardRequest` with these datums between other fields of it, in one piece of memory that is written once: a training call is
 * megabytes of arrays, which a general encoder copies at each level of nesting. Field numbers are the schema's.
 * @param before fields that come before the datums, as bytes
 * @param after fields that come behind them
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function withDatums(before: Uint8Array, datums: readonly Datum[], after: Uint8Array): Uint8Array {
  const { data } = ForwardBackwardRequestSchema.field;
  const parts: Part[] = [before, ...datums.map((datum) => field(data.number, datumParts(datum))), after];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + sizeOf(part), 0));
  write(parts, bytes, 0);
  return bytes;
}

function datumParts({ input, target, weights, advantages, logprobs }: Datum): Part[] {
  const { modelInput, lossFnInputs } = DatumSchema.field;
  const tokens = field(EncodedTextChunkSchema.field.tokens.number, [littleEndian(input)]);
  const chunk = field(ChunkSchema.field.encodedText.number, [tokens]);
  const tensors: [string, Part, dtype: number][] = [
    ["target_tokens", target, 2],
    ["weights", littleEndian(weights), 1],
  ];
  if (advantages) tensors.push(["advantages", littleEndian(advantages), 1]);
  if (logprobs) tensors.push(["logprobs", littleEndian(logprobs), 1]);
  return [
    field(modelInput.number, [chunk]),
    ...tensors.map(([name, dense, dtype]) =>
      // An entry of a map is a message of its key, number 1, and its value, number 2.
      field(lossFnInputs.number, [field(1, [Buffer.from(name)]), field(2, tensorParts(dense, dtype))]),
    ),
  ];
}

function tensorParts(dense: Part, dtype: number): Part[] {
  // A small number is one byte behind a tag of wire type 0.
  return [field(TensorSchema.field.dense.number, [dense]), Uint8Array.of(TensorSchema.field.dtype.number << 3, dtype)];
}

function field(number: number, content: readonly Part[]): Field {
  // Wire type 2: a length, then as many bytes. Numbers below 16 make tags of one byte.
  return { tag: (number << 3) | 2, length: content.reduce((sum, part) => sum + sizeOf(part), 0), content };
}

function sizeOf(part: Part): number {
  if (part instanceof Uint8Array) return part.length;
  if (part instanceof Int32Array) return 8 * part.length;
  return 1 + varintSize(part.length) + part.length;
}

function varintSize(value: number): number {
  let size = 1;
  while ((value = Math.floor(value / 128)) > 0) size++;
  return size;
}

/** Writes parts from a place on; answers the place behind them. */
function write(parts: readonly Part[], bytes: Uint8Array, from: number): number {
  let at = from;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      bytes.set(part, at);
      at += part.length;
    } else if (part instanceof Int32Array) at = writeInt64s(part, bytes, at);
    else {
      bytes[at++] = part.tag;
      let { length } = part;
      for (; length > 127; length = Math.floor(length / 128)) bytes[at++] = (length % 128) | 128;
      bytes[at++] = length;
      at = write(part.content, bytes, at);
    }
  }
  return at;
}

/** Ids are 0 or more, so the high half of each value stays 0. */
function writeInt64s(ids: Int32Array, bytes: Uint8Array, from: number): number {
  for (let index = 0, at = from; index < ids.length; index++, at += 8) {
    const id = ids[index]!;
    bytes[at] = id;
    bytes[at + 1] = id >> 8;
    bytes[at + 2] = id >> 16;
    bytes[at + 3] = id >> 24;
  }
  return from + 8 * ids.length;
}
