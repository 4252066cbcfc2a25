import { recordTexts } from "../file/record-texts.ts";
import type { LinePlace, RowIndex } from "../file/row-index.ts";
import type { TextFinder } from "./text-finder.ts";
import { holds, matchOf, type TextSearch } from "./text-search.ts";

/** So much of a file is read through for a search in a moment; a longer one has an index of its words. */
export const scanBytes = 4 << 20;

export interface TextMatches {
  keys: ReadonlySet<number>;
  /** Bytes of the file that were searched, where that is not all that has rows: the index is still being made. */
  searched?: number;
}

/**
 * The rows of a file that hold what is looked for. Words are found by the index; what the index does not cover yet is read where it is
 * short, and left to a later search where it is not. Without an index the whole file is read.
 */
export async function rowsHolding(
  index: RowIndex,
  finder: TextFinder | undefined,
  search: TextSearch,
  signal: AbortSignal,
): Promise<TextMatches> {
  const found = search.kind === "words" ? await finder?.find(matchOf(search.phrases)) : undefined;
  const lines = index.lines();
  if (!found) return { keys: await read(index, lines, search, signal) };
  const hits = new Set(found.lines);
  const keys = new Set<number>();
  const unsure: LinePlace[] = [];
  const rest: LinePlace[] = [];
  for (const line of lines) {
    if (line.offset >= found.covered) rest.push(line);
    else if (hits.has(line.line)) {
      // The index knows lines; which of a line's records it is has to be read.
      if (line.records.length > 1) unsure.push(line);
      else keys.add(line.records[0]!.key);
    }
  }
  const short = rest.reduce((sum, { bytes }) => sum + bytes, 0) <= scanBytes;
  const also = await read(index, short ? [...unsure, ...rest] : unsure, search, signal);
  for (const key of also) keys.add(key);
  return short ? { keys } : { keys, searched: found.covered };
}

async function read(
  index: RowIndex,
  lines: readonly LinePlace[],
  search: TextSearch,
  signal: AbortSignal,
): Promise<Set<number>> {
  const keys = new Set<number>();
  if (lines.length === 0) return keys;
  for await (const { records, bytes } of index.rawLines(lines, signal)) {
    const texts = recordTexts(bytes);
    for (const { part, key } of records) if (holds(search, texts[part] ?? [])) keys.add(key);
  }
  return keys;
}
