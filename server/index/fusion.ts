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

export interface FusionWeights {
  words: number;
  vectors: number;
}

/** Chosen on half of each set's questions; what words, vectors and both find on the other half is in `docs/results.md`. */
export const defaultWeights: FusionWeights = { words: 0.45, vectors: 0.55 };

/**
 * A convex combination of both legs' scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid
 * Retrieval"), which keeps what ranks throw away: how far apart two hits are. Each score is taken as a share of its leg's best:
 *
 *     score = words · bm25 / best bm25 + vectors · (cosine − last cosine) / best cosine
 *
 * Every text has some cosine with every query, so a passage that the vectors leg did not list counts as if it stood where the list
 * ends: the last cosine is what 0 means there. A passage without any of the words has a BM25 of 0 by itself. Ties keep the words
 * leg's order, so that the result is the same on every run.
 */
export function fuse(
  words: readonly LegHit[],
  vectors: readonly LegHit[],
  weights: FusionWeights = defaultWeights,
): Fused[] {
  const fused = new Map<string, Fused>();
  const add = (leg: "words" | "vectors", hits: readonly LegHit[], floor: number): void => {
    const best = hits[0]?.score ?? 0;
    for (const [index, { id, score }] of hits.entries()) {
      const part = best > 0 ? (weights[leg] * (score - floor)) / best : 0;
      const entry = fused.get(id) ?? { id, score: 0 };
      entry.score += part;
      entry[leg] = { rank: index + 1, score, part };
      fused.set(id, entry);
    }
  };
  add("words", words, 0);
  // A list by itself needs no floor, and without one its scores can be read as shares of the best.
  add("vectors", vectors, words.length > 0 ? (vectors.at(-1)?.score ?? 0) : 0);
  return [...fused.values()].sort((a, b) => b.score - a.score);
}
