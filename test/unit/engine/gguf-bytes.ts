/** A field of a GGUF file: a text, or a number or a list of a stated kind. */
export type Field = string | { u32: number } | { f32: number } | { texts: string[] } | { numbers: number[] };

/** Float32 weights; the fastest dimension first. */
export interface Tensor {
  name: string;
  dimensions: number[];
  values: number[];
}

/** A GGUF file of version 3 with float32 tensors. */
export function ggufBytes(fields: Record<string, Field>, tensors: readonly Tensor[]): Buffer {
  const parts = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(Object.keys(fields).length)];
  for (const [name, field] of Object.entries(fields)) parts.push(text(name), value(field));
  let offset = 0;
  for (const { name, dimensions, values } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(0), u64(offset));
    offset += Math.ceil((values.length * 4) / 32) * 32;
  }
  const header = Buffer.concat(parts);
  const weights = tensors.map(({ values }) => padded(Buffer.from(Float32Array.from(values).buffer)));
  return Buffer.concat([padded(header), ...weights]);
}

function value(field: Field): Buffer {
  if (typeof field === "string") return Buffer.concat([u32(8), text(field)]);
  if ("u32" in field) return Buffer.concat([u32(4), u32(field.u32)]);
  if ("f32" in field) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(field.f32);
    return Buffer.concat([u32(6), bytes]);
  }
  if ("texts" in field) return Buffer.concat([u32(9), u32(8), u64(field.texts.length), ...field.texts.map(text)]);
  return Buffer.concat([u32(9), u32(5), u64(field.numbers.length), ...field.numbers.map(u32)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((32 - (bytes.byteLength % 32)) % 32)]);
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content, "utf8");
  return Buffer.concat([u64(bytes.byteLength), bytes]);
}

function u32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

function u64(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}
