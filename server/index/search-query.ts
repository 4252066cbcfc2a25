import { facetName, kinds } from "./passage-facets.ts";
import { wordsOf } from "./query-words.ts";

/** One condition on passages; all of a query's must hold. */
export interface SearchFilter {
  field: "path" | "kind" | "lang";
  /** For a path a part of it, `*` standing for any text; for a kind or language its name. */
  value: string;
  /** True for `-path:…`: the condition must not hold. */
  not: boolean;
}

/** A query as it was understood. */
export interface SearchQuery {
  /** What is searched by words and by meaning: the query without filters and quotation marks. */
  text: string;
  /** Each must stand in a hit, word for word. */
  phrases: readonly string[];
  filters: readonly SearchFilter[];
}

const filterForm = /(?<=^|\s)(?<not>-?)(?<field>path|kind|lang):(?:"(?<quoted>[^"]+)"|(?<plain>[^\s"]+))(?=\s|$)/giu;
const phraseForm = /"(?<straight>[^"]+)"|“(?<curly>[^”]+)”|„(?<low>[^“”]+)[“”]|«(?<angle>[^»]+)»/gu;

/**
 * Reads the forms of a query: `"exact words"`, `path:guide/`, `path:*.md`, `kind:pdf`, `lang:de`, and a filter with `-` before it for what must not
 * be. A query that ends in a question mark is prose: its quotation marks set off a title or a name, and do not ask that
 * each passage holds it. A kind that no passage can have is text.
 */
export function parseQuery(query: string): SearchQuery {
  const filters: SearchFilter[] = [];
  const unfiltered = query.replace(filterForm, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<"not" | "field" | "quoted" | "plain", string | undefined>;
    const field = groups.field!.toLowerCase() as SearchFilter["field"];
    const written = groups.quoted ?? groups.plain!;
    const value = field === "path" ? written : facetName(field, written);
    if (field === "kind" && !(kinds as readonly string[]).includes(value)) return whole;
    filters.push({ field, value, not: groups.not === "-" });
    return " ";
  });
  const text = unfiltered.replace(/\s+/gu, " ").trim();
  const isProse = /[?？]$/u.test(text);
  const phrases: string[] = [];
  const plain = text.replace(phraseForm, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const phrase = (groups["straight"] ?? groups["curly"] ?? groups["low"] ?? groups["angle"] ?? "").trim();
    if (isProse || wordsOf(phrase).length === 0) return whole;
    phrases.push(phrase);
    return phrase;
  });
  return { text: plain.trim(), phrases, filters };
}
