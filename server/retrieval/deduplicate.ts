import type { Retriever, SearchOutcome } from "./retriever.ts";

/** Asks equal queries of a batch once; every asker gets the same outcome. */
export function deduplicated(inner: Retriever): Retriever {
  return {
    id: inner.id,
    folders: inner.folders,
    coverage: () => inner.coverage(),
    async search(queries, k, signal) {
      const distinct = [...new Set(queries)];
      const outcomes = await inner.search(distinct, k, signal);
      const byQuery = new Map<string, SearchOutcome>(distinct.map((query, index) => [query, outcomes[index]!]));
      return queries.map((query) => byQuery.get(query)!);
    },
  };
}
