import type { Passage } from "../../../protocol/passage.ts";
import type { Search } from "../../../protocol/trajectory.ts";
import { contentKeys } from "../../language/words.ts";
import { readPassage, type ReadPassage } from "./read-passage.ts";

/** A passage with what all searches together say of it. */
export interface FusedPassage {
  readonly passage: Passage;
  /** Comparable within one fused list only. */
  readonly score: number;
  /** Indexes into the searches that found it. */
  readonly searches: readonly number[];
}

/** What fusion reads of a search; a whole `Search` will do. */
export type FusedSearch = Pick<Search, "query" | "hits">;

const mostQuery = 2000;

const weights = {
  // Reciprocal ranks (Cormack, Clarke and Büttcher 2009) with a small constant: a bridging query is written for one
  // passage, so being first in one list must outweigh being tenth in two.
  rankConstant: 4,
  /** The title is asked for by the query that found it. */
  title: 0.2,
  /** A well-placed passage speaks of this one's title, in proportion to how much of the first query it covers. */
  spokenOf: 0.6,
  /** This passage speaks of a well-placed one's title. */
  speaksOf: 0.2,
  /** Share of the first query's words in the passage. */
  coverage: 0.2,
  wellPlaced: 6,
};

/**
 * One order over the passages of all searches, best first; equal scores keep the order of finding. Three things count: the
 * ranks in the lists, whether the query asked for the passage by its title, and whether the best passages and this one
 * speak of each other: the second passage of a two-hop question often shares no word with the question, but the first one names it.
 */
export function fusedPassages(searches: readonly FusedSearch[]): FusedPassage[] {
  const ranked = byRanks(searches);
  const best = ranked[0]?.score ?? 1;
  const question = queryKeys(searches[0]);
  const pool = ranked.map((entry) => {
    const read = readPassage(entry.passage);
    const coverage = question.filter((key) => read.keys.has(key)).length / Math.max(1, question.length);
    return { entry, read, coverage };
  });
  const placed = pool.slice(0, weights.wellPlaced);
  const scored = pool.map(({ entry, read, coverage }) => {
    let spokenOf = 0;
    let speaksOf = 0;
    for (const other of placed) {
      if (other.read === read) continue;
      const trust = (other.entry.score / best) * other.coverage;
      if (trust > spokenOf && mentions(other.read, read)) spokenOf = trust;
      if (trust > speaksOf && mentions(read, other.read)) speaksOf = trust;
    }
    const linked = weights.spokenOf * spokenOf + weights.speaksOf * speaksOf + weights.coverage * coverage;
    return { ...entry, score: entry.score + best * linked };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/** Keys of a search's query; of a query of any length a bounded part. */
export function queryKeys(search: FusedSearch | undefined): string[] {
  return contentKeys((search?.query ?? "").slice(0, mostQuery));
}

function byRanks(searches: readonly FusedSearch[]): FusedPassage[] {
  const entries = new Map<string, { passage: Passage; score: number; searches: number[] }>();
  searches.forEach((search, index) => {
    const asked = new Set(queryKeys(search));
    search.hits.forEach(({ passage }, position) => {
      const entry = entries.get(passage.id) ?? { passage, score: 0, searches: [] };
      const title = titleAsked(readPassage(passage), asked) ? weights.title / Math.sqrt(position + 1) : 0;
      entry.score += 1 / (weights.rankConstant + position + 1) + title;
      if (!entry.searches.includes(index)) entry.searches.push(index);
      entries.set(passage.id, entry);
    });
  });
  return [...entries.values()].sort((a, b) => b.score - a.score);
}

/** True when the text of one passage names what the other is about. Titles of three letters occur by accident. */
function mentions(speaker: ReadPassage, subject: ReadPassage): boolean {
  return subject.subjects.some(
    ({ folded }) =>
      folded.length > 3 && speaker.folded.includes(folded) && !speaker.subjects.some((own) => own.folded === folded),
  );
}

/** True when every content word of something the passage is about is among the keys. */
export function titleAsked(read: ReadPassage, keys: ReadonlySet<string>): boolean {
  return read.subjects.some((subject) => subject.keys.every((key) => keys.has(key)));
}
