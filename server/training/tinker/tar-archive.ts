/** A file of a tar archive. */
export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const block = 512;

/**
 * Reads the plain files of a tar archive (POSIX ustar; other kinds of entry are passed over). Throws `RangeError` for bytes that are
 * none.
 */
export function readTar(archive: Uint8Array): ArchivedFile[] {
  const files: ArchivedFile[] = [];
  for (let at = 0; at + block <= archive.length;) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return files;
    const size = Number.parseInt(textOf(header, 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size) || size < 0 || at + block + size > archive.length)
      throw new RangeError("The archive is cut off or is no tar archive.");
    const prefix = textOf(header, 257, 5) === "ustar" ? textOf(header, 345, 155) : "";
    const kind = String.fromCharCode(header[156]!);
    if (kind === "0" || kind === "\0") {
      const name = (prefix ? `${prefix}/` : "") + textOf(header, 0, 100);
      files.push({ name: name.replace(/^\.\//, ""), bytes: archive.subarray(at + block, at + block + size) });
    }
    at += block + Math.ceil(size / block) * block;
  }
  // An archive ends with blocks of zeros.
  throw new RangeError("The archive is cut off or is no tar archive.");
}

/** Writes plain files as a tar archive (POSIX ustar) without owners and times. Names have at most 100 bytes. */
export function writeTar(files: readonly ArchivedFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of files) {
    if (Buffer.byteLength(name) > 100) throw new RangeError(`The name ${name} is too long for an archive.`);
    const header = Buffer.alloc(block);
    header.write(name, 0, 100, "utf8");
    header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "ascii");
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124, "ascii");
    header.write("00000000000\0", 136, "ascii");
    header.write("        0", 148, "ascii");
    header.write("ustar\x0000", 257, "ascii");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
    parts.push(header, bytes, new Uint8Array((block - (bytes.length % block)) % block));
  }
  return Buffer.concat([...parts, new Uint8Array(2 * block)]);
}

function textOf(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
