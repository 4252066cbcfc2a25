import type { LegScore } from "../../protocol/passage.ts";

/** A leg's list, best first. */
export interface LegHit {
  id: string;
  score: number;
}

export interface Fused {
  id: string;
  score: number;
  words?: LegScore;
  vectors?: LegScore;
}

export interface FusionWeights {
  /** Dampens the difference between top ranks. */
  k: number;
  words: number;
  vectors: number;
}

/**
 * A constant below the usual 60 lets a first rank of one leg outweigh middling ranks of both. What words, vectors and both
 * find with these weights is in `docs/results.md`.
 */
export const defaultWeights: FusionWeights = { k: 20, words: 1, vectors: 1 };

/**
 * Weighted reciprocal rank fusion: score = Σ weight / (k + rank) over the legs that found the passage (Cormack, Clarke
 * and Büttcher 2009). Ties keep the words leg's order, so that the result is the same on every run.
 */
export function fuse(
  words: readonly LegHit[],
  vectors: readonly LegHit[],
  weights: FusionWeights = defaultWeights,
): Fused[] {
  const fused = new Map<string, Fused>();
  const add = (leg: "words" | "vectors", hits: readonly LegHit[]): void => {
    for (const [index, hit] of hits.entries()) {
      const entry = fused.get(hit.id) ?? { id: hit.id, score: 0 };
      entry.score += weights[leg] / (weights.k + index + 1);
      entry[leg] = { rank: index + 1, score: hit.score };
      fused.set(hit.id, entry);
    }
  };
  add("words", words);
  add("vectors", vectors);
  return [...fused.values()].sort((a, b) => b.score - a.score);
}
