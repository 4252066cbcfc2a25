import type { Hit, LegScore } from "../../protocol/passage.ts";
import { fuse } from "../index/fusion.ts";

/** What one index found, and how many passages it holds. */
export interface FoundIn {
  hits: readonly Hit[];
  passages: number;
}

/**
 * One list of what several indexes found: each leg is ranked over all of them, and fused anew. A best hit of each index is not worth the same:
 * one of them may have nothing to say.
 *
 * Cosines compare as they are. A BM25 score grows with the index, since a word that stands once among few passages counts as less rare
 * than one that stands once among many. Each score is therefore scaled to what a word of one passage would count in all of them together:
 *
 *     score · idf(all) / idf(own),  idf(N) = ln(1 + (N − 0.5) / 1.5)   (the BM25 of Robertson and Zaragoza 2009, for n = 1)
 */
export function mergeHits(found: readonly FoundIn[]): Hit[] {
  const filled = found.filter(({ hits }) => hits.length > 0);
  if (filled.length <= 1) return [...(filled[0]?.hits ?? [])];
  const all = found.reduce((sum, { passages }) => sum + passages, 0);
  // Equal files of two folders have equal ids.
  const entries = filled.flatMap(({ hits, passages }, list) =>
    hits.map((hit) => ({ id: `${list} ${hit.passage.id}`, hit, scale: rarity(all) / rarity(passages) })),
  );
  const leg = (scoreOf: (entry: (typeof entries)[number]) => number | undefined) =>
    entries
      .flatMap((entry) => {
        const score = scoreOf(entry);
        return score === undefined ? [] : [{ id: entry.id, score }];
      })
      .sort((a, b) => b.score - a.score);
  const words = leg(({ hit, scale }) => hit.words && hit.words.score * scale);
  const vectors = leg(({ hit }) => hit.vectors?.score);
  const hits = new Map(entries.map(({ id, hit }) => [id, hit]));
  return fuse(words, vectors)
    .map(({ id, score, ...legs }) => {
      const hit = hits.get(id)!;
      return { ...hit, score: score * (hit.repetition ?? 1), ...legsOf(hit, legs) };
    })
    .sort((a, b) => b.score - a.score)
    .map((hit, index) => ({ ...hit, rank: index + 1 }));
}

/** Ranks are those over all indexes; scores stay the index's own. */
function legsOf(hit: Hit, { words, vectors }: { words?: LegScore; vectors?: LegScore }): Partial<Hit> {
  return {
    ...(words ? { words: { ...words, score: hit.words!.score } } : {}),
    ...(vectors ? { vectors } : {}),
  };
}

function rarity(passages: number): number {
  return Math.log(1 + Math.max(passages - 0.5, 0.5) / 1.5);
}
