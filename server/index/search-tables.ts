import type { Hit, SearchMode } from "../../protocol/passage.ts";
import type { Embedder } from "../models/embedder.ts";
import { type Fused, type LegHit, defaultWeights, fuse } from "./fusion.ts";
import { matchedWords } from "./query-words.ts";
import type { Tables } from "./tables.ts";

/** Candidates of each leg; enough that a passage found by both is seen by both. */
const candidates = 60;

/** UTF-16 units of a query that are searched; a longer one is no query, and every word of it costs both legs time. */
const longestQuery = 4_000;

export interface SearchSources {
  tables: Tables;
  embedder: Embedder | null;
  /** Passages whose embedded text has this hash; texts that are no longer in any document have none. */
  passagesOfHash(hash: string): readonly string[];
}

/** One search: both legs at the same time, fused, with the reason for each hit. */
export async function searchTables(
  sources: SearchSources,
  whole: string,
  k: number,
  mode: SearchMode,
  signal: AbortSignal,
): Promise<Hit[]> {
  const query = whole.slice(0, longestQuery);
  const limit = Math.max(candidates, k * 2);
  const [words, vectors] = await Promise.all([
    mode === "vectors" ? [] : sources.tables.searchWords(query, limit),
    mode === "words" ? [] : vectorLeg(sources, query, limit, signal),
  ]);
  signal.throwIfAborted();
  const fused = fuse(words, vectors, defaultWeights).slice(0, k);
  return toHits(sources.tables, query, fused);
}

async function vectorLeg(
  { tables, embedder, passagesOfHash }: SearchSources,
  query: string,
  limit: number,
  signal: AbortSignal,
): Promise<LegHit[]> {
  if (!embedder || query.trim() === "") return [];
  const [vector] = await embedder.embed([query], "query", signal);
  const nearest = await tables.searchVectors(vector!, limit);
  return nearest.flatMap(({ id, score }) => passagesOfHash(id).map((passage) => ({ id: passage, score })));
}

async function toHits(tables: Tables, query: string, fused: readonly Fused[]): Promise<Hit[]> {
  const passages = await tables.passages(fused.map(({ id }) => id));
  return fused
    .flatMap((entry) => {
      const passage = passages.get(entry.id);
      return passage ? [{ entry, passage }] : [];
    })
    .map(({ entry, passage }, index) => ({
      passage,
      rank: index + 1,
      score: entry.score,
      ...(entry.words ? { words: entry.words } : {}),
      ...(entry.vectors ? { vectors: entry.vectors } : {}),
      matched: matchedWords(query, `${passage.title} ${passage.text}`),
    }));
}
