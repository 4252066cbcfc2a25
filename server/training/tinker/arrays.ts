/** Bytes of a typed array in little-endian order, as the protocol wants them. */
export function littleEndian(row: Int32Array | Float32Array | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  return bigEndian ? swapped(bytes, row.BYTES_PER_ELEMENT) : bytes;
}

/** float32 values of little-endian bytes. Throws where the bytes are no whole number of them. */
export function float32s(bytes: Uint8Array): Float64Array {
  const view = viewOf(bytes);
  return Float64Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

/** int32 values of little-endian bytes. Throws where the bytes are no whole number of them. */
export function int32s(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getInt32(4 * at, true));
}

function viewOf(bytes: Uint8Array): DataView {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no array of 4-byte numbers`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const bigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width)
    for (let byte = 0; byte < width; byte++) out[at + byte] = bytes[at + width - 1 - byte]!;
  return out;
}
