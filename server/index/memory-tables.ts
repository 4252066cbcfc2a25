import MiniSearch from "minisearch";
import type { Passage } from "../../protocol/passage.ts";
import { embeddingHash } from "./embedding-text.ts";
import { fieldWeights } from "./passage-rows.ts";
import { contentWords, splitIdentifiers, wordsOf } from "./query-words.ts";
import { admits } from "./search-filter.ts";
import type { Tables } from "./tables.ts";

/** Words alone, in memory: what search falls back to where LanceDB cannot run. Gone with the process. */
export function openMemoryTables(): Tables {
  const passages = new Map<string, Passage>();
  const search = new MiniSearch<{ id: string; title: string; text: string; identifiers: string }>({
    fields: ["title", "text", "identifiers"],
    tokenize: wordsOf,
  });
  const none = (): Promise<void> => Promise.resolve();
  return {
    addPassages(rows) {
      for (const row of rows) {
        if (passages.has(row.id)) continue;
        passages.set(row.id, row);
        search.add({ id: row.id, title: row.title, text: row.text, identifiers: splitIdentifiers(row.text) });
      }
      return none();
    },
    removeFiles(paths) {
      const wanted = new Set(paths);
      for (const [id, passage] of passages) {
        if (!wanted.has(passage.place?.path ?? id)) continue;
        passages.delete(id);
        search.discard(id);
      }
      return none();
    },
    countPassages: () => Promise.resolve(passages.size),
    paths: () => Promise.resolve(new Set([...passages].map(([id, { place }]) => place?.path ?? id))),
    addVectors: none,
    removeVectors: none,
    knownVectors: () => Promise.resolve(new Set()),
    searchWords(query, limit) {
      const words = contentWords(query.text).join(" ");
      const boost = { title: fieldWeights.page, identifiers: fieldWeights.identifiers };
      const found = search.search(words, { boost, filter: ({ id }) => admits(passages.get(String(id))!, query) });
      return Promise.resolve(found.slice(0, limit).map(({ id, score }) => ({ id: String(id), score })));
    },
    admitted(query, limit) {
      const all = [...passages.values()].filter((passage) => admits(passage, query)).slice(0, limit);
      return Promise.resolve(all.map((passage) => ({ id: passage.id, hash: embeddingHash(passage) })));
    },
    searchVectors: () => Promise.resolve([]),
    passages: (ids) =>
      Promise.resolve(new Map(ids.flatMap((id) => (passages.has(id) ? [[id, passages.get(id)!] as const] : [])))),
    everyPassage: () => Promise.resolve([...passages.values()]),
    maintain: none,
    prune: none,
    bytes: () => Promise.resolve({ live: 0 }),
    refresh: none,
    versions: () => Promise.resolve(""),
  };
}
