import MiniSearch from "minisearch";
import type { Passage } from "../../../protocol/passage.ts";

/** Ranks passages as MiniSearch does by itself, with titles and texts as its fields: the measure for the words leg. */
export function libraryBm25(passages: readonly Passage[]): (query: string, k: number) => Passage[] {
  const search = new MiniSearch<{ id: number; title: string; text: string }>({ fields: ["title", "text"] });
  search.addAll(passages.map(({ title, text }, id) => ({ id, title, text })));
  return (query, k) =>
    search
      .search(query)
      .slice(0, k)
      .map(({ id }) => passages[Number(id)]!);
}
