import type { LegScore } from "../../protocol/passage.ts";

/** A leg's list, best first; scores fall with the rank. */
export interface LegHit {
  id: string;
  score: number;
}

export interface Fused {
  id: string;
  /** Sum of the parts of the legs. */
  score: number;
  words?: LegScore;
  vectors?: LegScore;
}

/** How much of a score the words leg decides; the vectors leg decides the rest. */
export interface FusionWeights {
  /** Where the words' best hit does not stand out from the tenth. */
  least: number;
  /** Where it stands alone. */
  most: number;
}

/** Chosen on half of each set's questions; what words, vectors and both find on the other half is in `docs/results.md`. */
export const defaultWeights: FusionWeights = { least: 0.3, most: 0.9 };

/** Places of a list that are compared to tell whether its best stands out. */
const comparedPlaces = 10;

/**
 * A convex combination of both legs' scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid
 * Retrieval"), which keeps what ranks throw away: how far apart two hits are. Each score is taken as a share of its leg's best:
 *
 *     score = w · bm25 / best bm25 + (1 − w) · (cosine − last cosine) / best cosine
 *     w     = least + (most − least) · (1 − tenth bm25 / best bm25)
 *
 * Every text has some cosine with every query, so a passage that the vectors leg did not list counts as if it stood where the list
 * ends: the last cosine is what 0 means there. A passage without any of the words has a BM25 of 0 by itself. Words that single
 * out a passage are trusted more than words that many passages share. Ties keep the words leg's order, so that the result is
 * the same on every run.
 */
export function fuse(
  words: readonly LegHit[],
  vectors: readonly LegHit[],
  weights: FusionWeights = defaultWeights,
): Fused[] {
  const wordsWeight = weightOfWords(words, weights);
  const fused = new Map<string, Fused>();
  const add = (leg: "words" | "vectors", hits: readonly LegHit[], weight: number, floor: number): void => {
    const best = hits[0]?.score ?? 0;
    for (const [index, { id, score }] of hits.entries()) {
      const part = best > 0 ? (weight * (score - floor)) / best : 0;
      const entry = fused.get(id) ?? { id, score: 0 };
      // A passage counts at its first place in a list.
      if (entry[leg]) continue;
      entry.score += part;
      entry[leg] = { rank: index + 1, score, part };
      fused.set(id, entry);
    }
  };
  add("words", words, wordsWeight, 0);
  // A list by itself needs no floor, and without one its scores can be read as shares of the best.
  add("vectors", vectors, 1 - wordsWeight, words.length > 0 ? (vectors.at(-1)?.score ?? 0) : 0);
  return [...fused.values()].sort((a, b) => b.score - a.score);
}

function weightOfWords(words: readonly LegHit[], { least, most }: FusionWeights): number {
  const best = words[0]?.score ?? 0;
  const tenth = words[comparedPlaces - 1]?.score;
  // A short list says little: it neither stands out nor fails to.
  const gap = best > 0 && tenth !== undefined ? 1 - tenth / best : 0.5;
  return least + (most - least) * gap;
}
