export type Decoded = { ok: true; text: string } | { ok: false; reason: string };

/**
 * Bytes of a text file as a string with line feeds only and no byte order mark.
 *
 * UTF-8 (with or without mark), UTF-16 with a mark and Windows-1252 (which holds Latin-1) are read; other invalid UTF-8 becomes U+FFFD,
 * as an editor shows it. A NUL byte outside UTF-16 means a binary file.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const encoding = encodingOf(bytes);
  if (!encoding) return { ok: false, reason: "binary file" };
  const read = new TextDecoder(encoding).decode(bytes);
  const text = encoding === "utf-8" && isOneByteText(read) ? new TextDecoder("windows-1252").decode(bytes) : read;
  return { ok: true, text: text.replace(/\r\n?/g, "\n") };
}

function encodingOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  // Binary formats show a NUL early; looking further would make every large text file slow.
  return bytes.subarray(0, 8192).includes(0) ? undefined : "utf-8";
}

/**
 * Whether bytes that were read as UTF-8 are text of a one-byte encoding: none of those beyond ASCII made a character, and what they stand
 * in is words. A file with a damaged spot among characters that UTF-8 holds stays UTF-8.
 */
function isOneByteText(read: string): boolean {
  if (!read.includes("\ufffd") || /[\u0080-\ufffc\ufffe\uffff]/.test(read)) return false;
  const replaced = read.split("\ufffd").length - 1;
  return replaced * 4 < read.length && !/[\u0001-\u0008\u000e-\u001a\u001c-\u001f]/.test(read);
}
