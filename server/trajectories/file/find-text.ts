import { open } from "node:fs/promises";

const chunkBytes = 4 << 20;

/** Text whose characters stand in JSON as they are, whoever wrote it: for any other, records have to be parsed. */
export function standsAsWritten(text: string): boolean {
  return /^[\w ,.:;!?'()-]+$/.test(text) && !text.includes("/");
}

/**
 * Which ranges of a file hold a text, case aside, as indices into `ranges`, which are in the order of the file and do not overlap. The
 * text must be one that stands as written. Reads the file once from end to end by chunks, so that memory does not grow with it.
 */
export async function rangesHolding(
  path: string,
  ranges: readonly { offset: number; bytes: number }[],
  text: string,
  signal: AbortSignal,
): Promise<number[]> {
  const found: number[] = [];
  const last = ranges.at(-1);
  if (!last) return found;
  const pattern = new RegExp(text.replace(/[.?()]/g, "\\$&"), "gi");
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(chunkBytes);
    let range = 0;
    const end = last.offset + last.bytes;
    // A match may lie over the border of two chunks, so each begins a text's length before the end of the one before.
    for (let at = ranges[0]!.offset; at < end && !signal.aborted; at += chunkBytes - text.length) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, end - at), at);
      if (bytesRead === 0) break;
      const chunk = buffer.toString("latin1", 0, bytesRead);
      pattern.lastIndex = 0;
      for (let match = pattern.exec(chunk); match; match = pattern.exec(chunk)) {
        const place = at + match.index;
        while (range < ranges.length && ranges[range]!.offset + ranges[range]!.bytes <= place) range += 1;
        if (range === ranges.length) return found;
        const { offset, bytes } = ranges[range]!;
        if (place < offset) {
          pattern.lastIndex = Math.max(match.index + 1, offset - at);
          continue;
        }
        found.push(range);
        range += 1;
        pattern.lastIndex = offset + bytes - at;
      }
    }
  } finally {
    await file.close();
  }
  return found;
}
