import type { FullTextQuery } from "@lancedb/lancedb";
import type { Lance } from "../lance.ts";
import { characterPairs, contentWords } from "./query-words.ts";
import type { SearchQuery } from "./search-query.ts";

/** Beyond this many words of a query each costs time and says little. */
const mostWords = 64;

/** LanceDB's query for the words leg; undefined where the query has no word. Phrases must be there, words add to the score. */
export function wordsQuery(lance: Lance, { text, phrases }: Omit<SearchQuery, "filters">): FullTextQuery | undefined {
  const words = contentWords(text).slice(0, mostWords).join(" ");
  const pairs = characterPairs(text).split(" ").slice(0, mostWords).join(" ");
  const should: FullTextQuery[] = [];
  if (words !== "") should.push(new lance.MatchQuery(words, "words"));
  if (pairs !== "") should.push(new lance.MatchQuery(pairs, "pairs"));
  if (phrases.length === 0 && should.length <= 1) return should[0];
  return new lance.BooleanQuery([
    ...phrases.map((phrase): [import("@lancedb/lancedb").Occur, FullTextQuery] => [
      lance.Occur.Must,
      new lance.PhraseQuery(phrase, "words"),
    ]),
    ...should.map((query): [import("@lancedb/lancedb").Occur, FullTextQuery] => [lance.Occur.Should, query]),
  ]);
}
