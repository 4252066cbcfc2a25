import type { SearchMode } from "../../protocol/passage.ts";
import type { FolderIndex } from "../index/folder-index.ts";
import { mergeHits } from "./merge-hits.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";

/** The indexes of the open folders as one retriever; hits of several folders are ranked together. */
export function localRetriever(indexes: readonly FolderIndex[], mode: SearchMode = "hybrid"): Retriever {
  let coverage: string | undefined;
  return {
    id: `local:${indexes.map((index) => index.folder.id).join("+")}`,
    folders: indexes.map(({ folder }) => ({ id: folder.id, name: folder.name })),
    coverage: () => coverage,
    search: (queries, k, signal) =>
      Promise.all(
        queries.map(async (query): Promise<SearchOutcome> => {
          const started = performance.now();
          try {
            const results = await Promise.all(indexes.map((index) => index.search(query, k, mode, signal)));
            const partial = results.flatMap((result) => result.coverage ?? []);
            coverage = partial.length > 0 ? partial.join("; ") : undefined;
            const found = results.map(({ hits }, at) => ({ hits, passages: indexes[at]!.status().passages }));
            const hits = mergeHits(found).slice(0, k);
            return { ok: true, hits, seconds: (performance.now() - started) / 1000, cached: false };
          } catch (error) {
            if (signal.aborted)
              return { ok: false, error: { kind: "cancelled", message: "The search was cancelled." } };
            const detail = error instanceof Error ? error.message.split("\n")[0] : String(error);
            return {
              ok: false,
              error: { kind: "unavailable", message: `The index could not be searched (${detail}); rebuild it.` },
            };
          }
        }),
      ),
  };
}
