import type { Passage } from "./passage.ts";
import type { Search } from "./trajectory.ts";

/** How many documents stand in a transcript: with running numbers the next one is this number plus 1. */
export function insertedCount(searches: readonly Pick<Search, "insertedHits">[]): number {
  return searches.reduce((sum, search) => sum + search.insertedHits, 0);
}

/** The passages in a transcript in the order of their running numbers: document (n) is at index n − 1. */
export function insertedPassages(searches: readonly Pick<Search, "hits" | "insertedHits">[]): Passage[] {
  return searches.flatMap((search) => search.hits.slice(0, search.insertedHits).map((hit) => hit.passage));
}
