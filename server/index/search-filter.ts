import type { Passage } from "../../protocol/passage.ts";
import { type Facets, facetsOf } from "./passage-facets.ts";
import { holdsPhrase } from "./query-words.ts";
import { quoted } from "./quoted.ts";
import type { SearchFilter, SearchQuery } from "./search-query.ts";

/** The condition of a query's filters in LanceDB's SQL over the columns `path`, `kind` and `lang`; undefined for none. */
export function filterSql(filters: readonly SearchFilter[]): string | undefined {
  if (filters.length === 0) return undefined;
  return filters
    .map(({ field, value, not }) => {
      const condition =
        field === "path" ? `lower(path) LIKE ${quoted(likePattern(value))} ESCAPE '\\'` : `${field} = ${quoted(value)}`;
      return not ? `NOT (${condition})` : condition;
    })
    .join(" AND ");
}

/** Whether a passage holds a query's phrases and passes its filters. */
export function admits(passage: Passage, { phrases, filters }: Pick<SearchQuery, "phrases" | "filters">): boolean {
  if (!passes(facetsOf(passage), filters)) return false;
  return phrases.every((phrase) => holdsPhrase(`${passage.title}\n${passage.text}`, phrase));
}

/** The condition of `filterSql` on a passage at hand. */
function passes(facets: Facets, filters: readonly SearchFilter[]): boolean {
  return filters.every(({ field, value, not }) => {
    const holds = field === "path" ? pathHolds(facets.path, value) : facets[field] === value;
    return holds !== not;
  });
}

/**
 * A part of the path, whatever its case. A slash at the start stands for the folder's top; `*` stands for any text, and a pattern
 * with one says how the path ends.
 */
function pathHolds(path: string, value: string): boolean {
  const { top, parts, end } = pathPattern(value);
  const lower = path.toLowerCase();
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const found = end && isLast ? lower.length - part.length : lower.indexOf(part, at);
    if (found < at || !lower.startsWith(part, found) || (top && index === 0 && found > 0)) return false;
    at = found + part.length;
  }
  return true;
}

function likePattern(value: string): string {
  const { top, parts, end } = pathPattern(value);
  const escaped = parts.map((part) => part.replace(/[\\%_]/g, "\\$&"));
  return `${top ? "" : "%"}${escaped.join("%")}${end ? "" : "%"}`;
}

function pathPattern(value: string): { top: boolean; parts: string[]; end: boolean } {
  const lower = value.toLowerCase().replaceAll("\\", "/");
  const top = lower.startsWith("/");
  const parts = lower.slice(top ? 1 : 0).split(/\*+/);
  return { top, parts, end: parts.length > 1 };
}
