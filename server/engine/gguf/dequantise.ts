/** How ggml packs weights: so many values in so many bytes, and how they are unpacked into `out` from `at` on. */
export interface Packing {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  readonly unpack: (block: DataView, out: Float32Array, at: number) => void;
}

/** By ggml's numbers. Block layouts and arithmetic: `block_q…` and `dequantize_row_…` of ggml-common.h and ggml-quants.c. */
export const packings: ReadonlyMap<number, Packing> = new Map([
  [0, { name: "F32", values: 1, bytes: 4, unpack: (block, out, at) => (out[at] = block.getFloat32(0, true)) }],
  [1, { name: "F16", values: 1, bytes: 2, unpack: (block, out, at) => (out[at] = half(block, 0)) }],
  [2, { name: "Q4_0", values: 32, bytes: 18, unpack: q4_0 }],
  [3, { name: "Q4_1", values: 32, bytes: 20, unpack: q4_1 }],
  [6, { name: "Q5_0", values: 32, bytes: 22, unpack: q5_0 }],
  [7, { name: "Q5_1", values: 32, bytes: 24, unpack: q5_1 }],
  [8, { name: "Q8_0", values: 32, bytes: 34, unpack: q8_0 }],
  [12, { name: "Q4_K", values: 256, bytes: 144, unpack: q4_k }],
  [13, { name: "Q5_K", values: 256, bytes: 176, unpack: q5_k }],
  [14, { name: "Q6_K", values: 256, bytes: 210, unpack: q6_k }],
  [30, { name: "BF16", values: 1, bytes: 2, unpack: bfloat }],
]);

/** All values of packed bytes, whose length is a whole number of blocks. */
export function dequantise(packing: Packing, bytes: Uint8Array): Float32Array {
  const blocks = bytes.byteLength / packing.bytes;
  const out = new Float32Array(blocks * packing.values);
  for (let i = 0; i < blocks; i++) {
    const block = new DataView(bytes.buffer, bytes.byteOffset + i * packing.bytes, packing.bytes);
    packing.unpack(block, out, i * packing.values);
  }
  return out;
}

/** IEEE 754 half precision. */
function half(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat(block: DataView, out: Float32Array, at: number): void {
  widened.setUint32(0, block.getUint16(0, true) << 16);
  out[at] = widened.getFloat32(0);
}
const widened = new DataView(new ArrayBuffer(4));

function q4_0(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  for (let j = 0; j < 16; j++) {
    const pair = block.getUint8(2 + j);
    out[at + j] = ((pair & 15) - 8) * scale;
    out[at + j + 16] = ((pair >> 4) - 8) * scale;
  }
}

function q4_1(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  const least = half(block, 2);
  for (let j = 0; j < 16; j++) {
    const pair = block.getUint8(4 + j);
    out[at + j] = (pair & 15) * scale + least;
    out[at + j + 16] = (pair >> 4) * scale + least;
  }
}

function q5_0(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  fifths(block, 2, 6, (j, value) => (out[at + j] = (value - 16) * scale));
}

function q5_1(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  const least = half(block, 2);
  fifths(block, 4, 8, (j, value) => (out[at + j] = value * scale + least));
}

/** Five-bit numbers: the fifth bits together, then the others in pairs. */
function fifths(block: DataView, highAt: number, lowAt: number, take: (index: number, value: number) => void): void {
  const high = block.getUint32(highAt, true);
  for (let j = 0; j < 16; j++) {
    const pair = block.getUint8(lowAt + j);
    take(j, (pair & 15) | (((high >>> j) & 1) << 4));
    take(j + 16, (pair >> 4) | (((high >>> (j + 16)) & 1) << 4));
  }
}

function q8_0(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  for (let j = 0; j < 32; j++) out[at + j] = block.getInt8(2 + j) * scale;
}

/** Scale and minimum of the `j`-th of eight sub-blocks, six bits each in twelve bytes. */
function scaleAndLeast(block: DataView, from: number, j: number): [number, number] {
  const byte = (index: number): number => block.getUint8(from + index);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [(byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4), (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4)];
}

function q4_k(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  const least = half(block, 2);
  for (let part = 0; part < 4; part++) {
    const [scale1, least1] = scaleAndLeast(block, 4, part * 2);
    const [scale2, least2] = scaleAndLeast(block, 4, part * 2 + 1);
    for (let l = 0; l < 32; l++) {
      const pair = block.getUint8(16 + part * 32 + l);
      out[at + part * 64 + l] = scale * scale1 * (pair & 15) - least * least1;
      out[at + part * 64 + 32 + l] = scale * scale2 * (pair >> 4) - least * least2;
    }
  }
}

function q5_k(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 0);
  const least = half(block, 2);
  for (let part = 0; part < 4; part++) {
    const [scale1, least1] = scaleAndLeast(block, 4, part * 2);
    const [scale2, least2] = scaleAndLeast(block, 4, part * 2 + 1);
    for (let l = 0; l < 32; l++) {
      const high = block.getUint8(16 + l) >> (part * 2);
      const pair = block.getUint8(48 + part * 32 + l);
      out[at + part * 64 + l] = scale * scale1 * ((pair & 15) + (high & 1) * 16) - least * least1;
      out[at + part * 64 + 32 + l] = scale * scale2 * ((pair >> 4) + (high & 2) * 8) - least * least2;
    }
  }
}

function q6_k(block: DataView, out: Float32Array, at: number): void {
  const scale = half(block, 208);
  for (let part = 0; part < 2; part++) {
    for (let l = 0; l < 32; l++) {
      const low = block.getUint8(part * 64 + l);
      const next = block.getUint8(part * 64 + 32 + l);
      const high = block.getUint8(128 + part * 32 + l);
      const values = [
        (low & 15) | ((high & 3) << 4),
        (next & 15) | (((high >> 2) & 3) << 4),
        (low >> 4) | (((high >> 4) & 3) << 4),
        (next >> 4) | ((high >> 6) << 4),
      ];
      for (const [quarter, value] of values.entries()) {
        const subScale = block.getInt8(192 + part * 8 + (l >> 4) + quarter * 2);
        out[at + part * 128 + quarter * 32 + l] = scale * subScale * (value - 32);
      }
    }
  }
}
