import { recordTexts } from "../file/record-texts.ts";
import type { RowIndex } from "../file/row-index.ts";
import type { TextFinder } from "./text-finder.ts";
import { holds, matchOf, type TextSearch } from "./text-search.ts";

/** So much of a file is read through for a search in a moment; a longer one has an index of its words. */
export const scanBytes = 4 << 20;

export interface TextMatches {
  /** Whether the row of a key holds it. */
  holds: (key: number) => boolean;
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
  const { columns } = index;
  const held = new Uint8Array(columns.count);
  const holding = (key: number): boolean => held[key] === 1;
  if (!found) {
    await read(
      index,
      columns.keys(() => true),
      search,
      held,
      signal,
    );
    return { holds: holding };
  }
  const unsure: number[] = [];
  const rest: number[] = [];
  let restBytes = 0;
  let next = 0;
  for (const key of columns.keys(() => true)) {
    const [line, offset] = [columns.line.values[key]!, columns.offset.values[key]!];
    while (next < found.lines.length && found.lines[next]! < line) next += 1;
    if (offset >= found.covered) {
      // The records of a line stand beside each other.
      if (offset !== columns.offset.values[rest.at(-1) ?? -1]) restBytes += columns.bytes.values[key]!;
      rest.push(key);
    } else if (found.lines[next] === line) {
      // The index knows lines; which of a line's records it is has to be read.
      if (alone(columns, key)) held[key] = 1;
      else unsure.push(key);
    }
  }
  const short = restBytes <= scanBytes;
  await read(index, short ? [...unsure, ...rest] : unsure, search, held, signal);
  return short ? { holds: holding } : { holds: holding, searched: found.covered };
}

/** Whether a row is the only one of its line. */
function alone({ offset: { values }, count }: RowIndex["columns"], key: number): boolean {
  return (key === 0 || values[key - 1] !== values[key]) && (key + 1 === count || values[key + 1] !== values[key]);
}

/** Reads the lines of some rows and marks those that hold what is looked for. */
async function read(
  index: RowIndex,
  keys: Uint32Array | readonly number[],
  search: TextSearch,
  held: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  for await (const { records, bytes } of index.rawLines(keys, signal)) {
    const texts = recordTexts(bytes);
    for (const { part, key } of records) if (holds(search, texts[part] ?? [])) held[key] = 1;
  }
}
