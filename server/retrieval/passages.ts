import type { SearchMode } from "../../protocol/passage.ts";
import type { PassageIndex } from "../index/passage-index.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";

/** An index over given passages as a retriever; closing the index is left to whoever opened it. */
export function passageRetriever(index: PassageIndex, id: string, mode: SearchMode): Retriever {
  return {
    id,
    folders: [],
    coverage: () => undefined,
    search: (queries, k, signal) =>
      Promise.all(
        queries.map(async (query): Promise<SearchOutcome> => {
          const started = performance.now();
          try {
            const hits = await index.search(query, k, mode, signal);
            return { ok: true, hits, seconds: (performance.now() - started) / 1000, cached: false };
          } catch (error) {
            if (signal.aborted)
              return { ok: false, error: { kind: "cancelled", message: "The search was cancelled." } };
            const detail = error instanceof Error ? error.message.split("\n")[0] : "unknown failure";
            return {
              ok: false,
              error: {
                kind: "unavailable",
                message: `The index could not be searched (${detail}); delete it to have it built again.`,
              },
            };
          }
        }),
      ),
  };
}
