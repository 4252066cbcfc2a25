import type { Neighbours, Passage } from "../../protocol/passage.ts";
import type { Holdings } from "./holdings.ts";
import type { Tables } from "./tables.ts";

/** The passages of a file that stand before and after one of its passages, each list in the order of the file, up to `count` long. */
export async function neighboursOf(
  passage: Pick<Passage, "id" | "place">,
  count: number,
  holdings: Pick<Holdings, "files">,
  tables: Pick<Tables, "passages">,
): Promise<Neighbours> {
  const ids = (passage.place && holdings.files.get(passage.place.path)?.ids) ?? [];
  const at = ids.indexOf(passage.id);
  if (at < 0) return { before: [], after: [] };
  const before = ids.slice(Math.max(0, at - count), at);
  const after = ids.slice(at + 1, at + 1 + count);
  const passages = await tables.passages([...before, ...after]);
  const found = (wanted: readonly string[]): Passage[] => wanted.flatMap((id) => passages.get(id) ?? []);
  return { before: found(before), after: found(after) };
}
