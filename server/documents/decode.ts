export type Decoded = { ok: true; text: string } | { ok: false; reason: string };

/**
 * Bytes of a text file as a string with line feeds only and no byte order mark.
 *
 * UTF-8 (with or without mark) and UTF-16 with a mark are read; invalid UTF-8 becomes U+FFFD, as an editor shows it. A
 * NUL byte outside UTF-16 means a binary file.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const encoding = encodingOf(bytes);
  if (!encoding) return { ok: false, reason: "binary file" };
  const text = new TextDecoder(encoding).decode(bytes);
  return { ok: true, text: text.replace(/\r\n?/g, "\n") };
}

function encodingOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  // Binary formats show a NUL early; looking further would make every large text file slow.
  return bytes.subarray(0, 8192).includes(0) ? undefined : "utf-8";
}
