import type { Passage } from "../../protocol/passage.ts";
import { Place } from "../../protocol/place.ts";
import { embeddingHash } from "./embedding-text.ts";
import { facetsOf } from "./passage-facets.ts";
import { characterPairs, splitIdentifiers } from "./query-words.ts";

/** A passage as the index stores it. Every column is text. */
export interface PassageRow {
  id: string;
  path: string;
  title: string;
  /** The weighted fields before `bodyMark`, the text after it: what is searched by words, and the one copy of the text. */
  words: string;
  /** Pairs of characters of scripts that no space divides. */
  pairs: string;
  kind: string;
  lang: string;
  /** Key of the vector. */
  hash: string;
  place: string;
}

export const passageColumns = ["id", "path", "title", "words", "pairs", "kind", "lang", "hash", "place"] as const;

/**
 * How many times a field counts for once in the body. Fields are weighted before BM25 dampens frequencies, not after, by writing
 * them as often as they weigh (Robertson, Zaragoza and Taylor 2004, "Simple BM25 Extension to Multiple Weighted Fields"): one list
 * of each word for all fields, one search, and rarity that is counted over all of them.
 */
export const fieldWeights = { page: 4, headings: 2, identifiers: 1 } as const;

/** Ends the weighted fields; no word, and taken out of them. */
const bodyMark = "\u001e";

/** Row of a passage. The page's name is what stands before the first `›` of a title; headings are the rest. */
export function rowOf(passage: Passage): PassageRow {
  const { path, kind, lang } = facetsOf(passage);
  const [page = "", ...headings] = passage.title.replaceAll(bodyMark, " ").split(" › ");
  const fields = [
    ...Array.from({ length: fieldWeights.page }, () => page),
    ...Array.from({ length: fieldWeights.headings }, () => headings.join(" ")),
    ...Array.from({ length: fieldWeights.identifiers }, () => splitIdentifiers(passage.text)),
  ];
  return {
    id: passage.id,
    path,
    title: passage.title,
    words: `${fields.filter(Boolean).join("\n")}\n${bodyMark}\n${passage.text}`,
    pairs: characterPairs(`${passage.title}\n${passage.text}`),
    kind,
    lang,
    hash: embeddingHash(passage),
    place: passage.place ? JSON.stringify(passage.place) : "",
  };
}

/** Columns from which `passageOf` makes a passage. */
export const readColumns = ["id", "title", "words", "lang", "place"] as const;

/** Passage of a row that the index gave back. */
export function passageOf(row: Record<(typeof readColumns)[number], unknown>): Passage {
  const words = String(row.words);
  const language = String(row.lang);
  const place = row.place === "" ? undefined : Place.parse(JSON.parse(String(row.place)));
  return {
    id: String(row.id),
    title: String(row.title),
    text: words.slice(words.indexOf(bodyMark) + bodyMark.length + 1),
    ...(place ? { place } : {}),
    ...(language === "" ? {} : { language }),
  };
}
