import type { Hit, SearchMode } from "../../protocol/passage.ts";
import type { Embedder } from "../models/embedder.ts";
import { type Fused, type LegHit, defaultWeights, fuse } from "./fusion.ts";
import { holdsPhrase, matchedWords } from "./query-words.ts";
import { admits } from "./search-filter.ts";
import { type SearchQuery, parseQuery } from "./search-query.ts";
import { spread } from "./spread.ts";
import type { Tables } from "./tables.ts";

/** Candidates of each leg; enough that a passage found by both is seen by both. */
const candidates = 60;

/** UTF-16 units of a query that are searched; a longer one is no query, and every word of it costs both legs time. */
const longestQuery = 4_000;

/** Admitted passages up to which the vectors leg is asked for these alone; of more it is asked for more of all. */
const mostNamed = 2_000;
const moreOfAll = 10;

/** Fused hits that are looked at for one that is shown: near copies and repetition move some. */
const looksPerHit = 2;

export interface SearchSources {
  tables: Tables;
  embedder: Embedder | null;
  /** Passages whose embedded text has this hash; texts that are no longer in any document have none. */
  passagesOfHash(hash: string): readonly string[];
}

/**
 * One search: the query's forms read, both legs at the same time, fused, spread over sections, with the reason for each hit. Phrases that no
 * passage holds are searched as words.
 */
export async function searchTables(
  sources: SearchSources,
  whole: string,
  k: number,
  mode: SearchMode,
  signal: AbortSignal,
): Promise<Hit[]> {
  const asked = parseQuery(whole.slice(0, longestQuery));
  const { query, admitted } = await admittedBy(sources.tables, asked);
  const limit = Math.max(candidates, k * looksPerHit);
  const [words, vectors] = await Promise.all([
    mode === "vectors" ? [] : sources.tables.searchWords(query, limit),
    mode === "words" ? [] : vectorLeg(sources, query, admitted, limit, signal),
  ]);
  signal.throwIfAborted();
  const fused = fuse(words, vectors, defaultWeights);
  // A query of filters alone ranks nothing; whatever they admit is found.
  const listed = query.text === "" ? (admitted ?? []).slice(0, limit).map(({ id }) => ({ id, score: 0 })) : fused;
  return toHits(sources.tables, query, listed.slice(0, k * looksPerHit), k);
}

type Admitted = readonly { id: string; hash: string }[];

/** The passages that a query's forms admit: undefined where it has none, or where they are too many to be named. */
async function admittedBy(tables: Tables, asked: SearchQuery): Promise<{ query: SearchQuery; admitted?: Admitted }> {
  if (asked.phrases.length === 0 && asked.filters.length === 0) return { query: asked };
  const admitted = await tables.admitted(asked, mostNamed + 1);
  if (admitted.length === 0 && asked.phrases.length > 0) return admittedBy(tables, { ...asked, phrases: [] });
  return admitted.length > mostNamed && asked.text !== "" ? { query: asked } : { query: asked, admitted };
}

async function vectorLeg(
  { tables, embedder, passagesOfHash }: SearchSources,
  query: SearchQuery,
  admitted: Admitted | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<LegHit[]> {
  if (!embedder || query.text === "" || admitted?.length === 0) return [];
  const [vector] = await embedder.embed([query.text], "query", signal);
  const passagesOf = (nearest: readonly LegHit[]): LegHit[] =>
    nearest.flatMap(({ id, score }) => passagesOfHash(id).map((passage) => ({ id: passage, score })));
  if (admitted) {
    const named = new Set(admitted.map(({ id }) => id));
    const hashes = [...new Set(admitted.map(({ hash }) => hash))];
    return passagesOf(await tables.searchVectors(vector!, limit, hashes)).filter(({ id }) => named.has(id));
  }
  const isPlain = query.phrases.length === 0 && query.filters.length === 0;
  if (isPlain) return livingOf(tables, vector!, limit, passagesOf);
  const nearest = passagesOf(await tables.searchVectors(vector!, limit * moreOfAll));
  const passages = await tables.passages(nearest.map(({ id }) => id));
  return nearest
    .filter(({ id }) => {
      const passage = passages.get(id);
      return passage !== undefined && admits(passage, query);
    })
    .slice(0, limit);
}

/**
 * Vectors of texts that are gone are kept for a while and take places: a section that was saved a hundred times would fill them all. Where most of
 * what was found is gone, more is asked for.
 */
async function livingOf(
  tables: Tables,
  vector: Float32Array,
  limit: number,
  passagesOf: (nearest: readonly LegHit[]) => LegHit[],
): Promise<LegHit[]> {
  for (let asked = limit; ; asked *= moreOfAll) {
    const nearest = await tables.searchVectors(vector, asked);
    const living = passagesOf(nearest);
    if (living.length >= limit / 2 || nearest.length < asked || asked > mostNamed) return living.slice(0, limit);
  }
}

async function toHits(tables: Tables, query: SearchQuery, fused: readonly Fused[], k: number): Promise<Hit[]> {
  const entries = new Map(fused.map((entry) => [entry.id, entry]));
  const passages = await tables.passages([...entries.keys()]);
  const scored = fused.flatMap(({ id, score }) => {
    const passage = passages.get(id);
    return passage ? [{ passage, score }] : [];
  });
  return spread(scored)
    .slice(0, k)
    .map(({ passage, score, repetition, copies }, index) => {
      const { words, vectors } = entries.get(passage.id)!;
      const places = copies.flatMap(({ place }) => (place ? [place] : []));
      return {
        passage,
        rank: index + 1,
        score,
        ...(words ? { words } : {}),
        ...(vectors ? { vectors } : {}),
        matched: matchedTerms(query, `${passage.title} ${passage.text}`),
        ...(repetition < 1 ? { repetition } : {}),
        ...(places.length > 0 ? { copies: places } : {}),
      };
    });
}

/** Phrases first, in quotation marks, then words. */
function matchedTerms({ text, phrases }: SearchQuery, passage: string): string[] {
  return [
    ...phrases.filter((phrase) => holdsPhrase(passage, phrase)).map((phrase) => `"${phrase}"`),
    ...matchedWords(text, passage),
  ];
}
