import type { Hit } from "../../protocol/passage.ts";
import type { Reranker } from "../models/reranker.ts";
import { embeddingText } from "./embedding-text.ts";
import { parseQuery } from "./search-query.ts";

/** Hits of a search that a reranker reads for the few that are shown: more cost time, fewer hide what search ranked low. */
export const rerankedHits = 30;

/** The hits in the order of a reranker's scores, best first; each keeps the rank it had. Rejects as the reranker does. */
export async function rerankHits(
  reranker: Reranker,
  query: string,
  hits: readonly Hit[],
  k: number,
  signal: AbortSignal,
): Promise<Hit[]> {
  const scores = await reranker.score(
    parseQuery(query).text,
    hits.map(({ passage }) => embeddingText(passage)),
    signal,
  );
  return hits
    .map((hit, index) => ({ ...hit, reranked: { from: hit.rank, score: scores[index]! } }))
    .sort((a, b) => b.reranked.score - a.reranked.score)
    .slice(0, k)
    .map((hit, index) => ({ ...hit, rank: index + 1 }));
}
