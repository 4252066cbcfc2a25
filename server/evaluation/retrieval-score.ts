import { z } from "zod";
import type { Passage } from "../../protocol/passage.ts";
import type { Search } from "../../protocol/trajectory.ts";
import type { Support } from "./data-sets/question.ts";
import { isSupport } from "./data-sets/supports.ts";
import { retrievalMetrics } from "./retrieval-metrics.ts";

/** How many places of a list recall looks at. */
export const recallPlaces = 10;

/** Retrieval against what a data set names as proof; each 0 to 1. */
export const RetrievalScore = z.object({
  /** Share of the supports among the first ten passages. */
  recall: z.number(),
  reciprocalRank: z.number(),
  ndcg10: z.number(),
  /** Share of the supports among all passages that were inserted. */
  reached: z.number(),
});
export type RetrievalScore = z.infer<typeof RetrievalScore>;

/**
 * Scores what a rollout inserted, in the order it saw it, each passage at its first place. Undefined where nothing is
 * known to be a proof.
 */
export function retrievalScore(searches: readonly Search[], supports: readonly Support[]): RetrievalScore | undefined {
  const seen = new Map<string, Passage>();
  for (const { hits, insertedHits } of searches)
    for (const { passage } of hits.slice(0, insertedHits)) if (!seen.has(passage.id)) seen.set(passage.id, passage);
  const ranked = rankedScore([...seen.values()], supports, recallPlaces);
  return ranked && { ...ranked, reached: share([...seen.values()], supports) };
}

/** Scores one ranked list of distinct passages. */
export function rankedScore(
  passages: readonly Passage[],
  supports: readonly Support[],
  k: number,
): Omit<RetrievalScore, "reached"> | undefined {
  const { ids, relevant } = labelled(passages, supports);
  const metrics = retrievalMetrics(ids, relevant, k);
  return metrics && { ...metrics, recall: share(passages.slice(0, k), supports) };
}

/** Share of the supports that one of the passages is or holds. */
function share(passages: readonly Passage[], supports: readonly Support[]): number {
  return supports.filter((support) => passages.some((passage) => isSupport(passage, support))).length / supports.length;
}

/**
 * Ids for a list in which a passage may hold several supports, and a support may stand in several passages: supports first met
 * in one passage are one relevant id, and a passage that brings no further support is irrelevant.
 */
function labelled(
  passages: readonly Passage[],
  supports: readonly Support[],
): { ids: string[]; relevant: Set<string> } {
  const left = new Set(supports);
  const relevant = new Set<string>();
  const ids = passages.map((passage, place) => {
    const held = [...left].filter((support) => isSupport(passage, support));
    for (const support of held) left.delete(support);
    const id = `${held.length > 0 ? "support" : "other"} ${place}`;
    if (held.length > 0) relevant.add(id);
    return id;
  });
  for (const [index] of [...left].entries()) relevant.add(`missed ${index}`);
  return { ids, relevant };
}
