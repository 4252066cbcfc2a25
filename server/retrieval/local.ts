import type { Hit, SearchMode } from "../../protocol/passage.ts";
import type { FolderIndex } from "../index/folder-index.ts";
import { type LegHit, fuse } from "../index/fusion.ts";
import type { Retriever, SearchOutcome } from "./retriever.ts";

/** The indexes of the open folders as one retriever; hits of several folders are fused as if they were of one. */
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
            const hits = merge(results.map((result) => result.hits)).slice(0, k);
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

/**
 * Scores are shares of the best of their own list, which say nothing of another folder's; what the legs said is compared instead, and
 * fused as if it were one list.
 */
function merge(lists: readonly Hit[][]): Hit[] {
  if (lists.length === 1) return lists[0]!;
  // Equal files of two folders can have passages with equal ids.
  const hits = new Map(
    lists.flatMap((list, folder) => list.map((hit) => [`${folder} ${hit.passage.id}`, hit] as const)),
  );
  const leg = (name: "words" | "vectors"): LegHit[] =>
    [...hits]
      .flatMap(([id, hit]) => (hit[name] ? [{ id, score: hit[name].score }] : []))
      .sort((a, b) => b.score - a.score);
  const fused = new Map(fuse(leg("words"), leg("vectors")).map((each) => [each.id, each]));
  return [...hits]
    .map(([id, { words: _words, vectors: _vectors, ...hit }]) => {
      const { score = 0, words, vectors } = fused.get(id) ?? {};
      const legs = { ...(words ? { words } : {}), ...(vectors ? { vectors } : {}) };
      return { ...hit, ...legs, score: score * (hit.repetition ?? 1) };
    })
    .sort((a, b) => b.score - a.score)
    .map((hit, index) => ({ ...hit, rank: index + 1 }));
}
