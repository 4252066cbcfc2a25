import type { Trajectory } from "../../protocol/trajectory.ts";
import { normalisers } from "./normalise-answer.ts";

/** What one rollout cost and how it went, beside its answer. Counts unless said otherwise. */
export interface RolloutMetrics {
  searches: number;
  turns: number;
  /** Tokens that the policy wrote; null where it does not count them. */
  policyTokens: number | null;
  /** Wall-clock seconds of the whole rollout, and of its parts. */
  seconds: number;
  searchSeconds: number;
  /** Searches that were answered from a cache. */
  cacheHits: number;
  failedSearches: number;
  /** Documents written into the transcript. */
  documents: number;
  /** Queries asked before in this rollout, after normalisation. */
  repeatedQueries: number;
  /** Documents inserted before in this rollout. */
  repeatedDocuments: number;
  /** Searches that brought no document that was not there before. */
  searchesWithoutNews: number;
  /** Share of the response's characters that the environment wrote: what is masked. */
  environmentShare: number;
  /**
   * Whether a gold answer stands as whole words in an inserted document; null where it cannot be told: no gold answer, or
   * only yes and no, which stand in any text.
   */
  evidenceReached: boolean | null;
}

/** Measures one trajectory. Only documents that were written into the transcript count. */
export function rolloutMetrics(trajectory: Trajectory, golds: readonly string[]): RolloutMetrics {
  const { searches, usage } = trajectory;
  const normalise = normalisers["punctuation-to-space"];
  const queries = new Set<string>();
  const documents = new Set<string>();
  let inserted = 0;
  let searchesWithoutNews = 0;
  for (const { query, hits, insertedHits } of searches) {
    queries.add(normalise(query));
    const before = documents.size;
    for (const { passage } of hits.slice(0, insertedHits)) documents.add(`${passage.title}\n${passage.text}`);
    inserted += insertedHits;
    if (insertedHits > 0 && documents.size === before) searchesWithoutNews += 1;
  }
  return {
    searches: searches.length,
    turns: usage.turns,
    policyTokens: usage.policyTokens ?? null,
    seconds: usage.seconds,
    searchSeconds: usage.searchSeconds,
    cacheHits: searches.filter(({ cached }) => cached).length,
    failedSearches: searches.filter(({ error }) => error !== undefined).length,
    documents: inserted,
    repeatedQueries: searches.length - queries.size,
    repeatedDocuments: inserted - documents.size,
    searchesWithoutNews,
    environmentShare: environmentShare(trajectory),
    evidenceReached: evidenceReached(trajectory, golds),
  };
}

/** Whether a gold answer stands as whole words in what the environment inserted as documents; null where that says nothing. */
export function evidenceReached(
  { text, segments }: Pick<Trajectory, "text" | "segments">,
  golds: readonly string[],
): boolean | null {
  const wanted = tellingGolds(golds);
  if (wanted.length === 0) return null;
  return segments
    .filter(({ kind, origin }) => kind === "documents" && origin === "environment")
    .some(({ start, end }) => holdsAny(text.slice(start, end), wanted));
}

/** Whether a gold answer stands as whole words in a text, after normalisation. */
export function holdsGold(text: string, golds: readonly string[]): boolean {
  return holdsAny(text, tellingGolds(golds));
}

function tellingGolds(golds: readonly string[]): string[] {
  return golds.map(normalisers["punctuation-to-space"]).filter((gold) => !["", "yes", "no"].includes(gold));
}

function holdsAny(text: string, wanted: readonly string[]): boolean {
  const held = ` ${normalisers["punctuation-to-space"](text)} `;
  return wanted.some((gold) => held.includes(` ${gold} `));
}

function environmentShare({ segments }: Pick<Trajectory, "segments">): number {
  let environment = 0;
  let response = 0;
  for (const { origin, start, end } of segments) {
    if (origin === "prompt") continue;
    response += end - start;
    if (origin === "environment") environment += end - start;
  }
  return response === 0 ? 0 : environment / response;
}
