import type { FusedSearch } from "./fusion.ts";
import { type NextQuery, nextQuery } from "./next-query.ts";
import type { Question } from "./question.ts";

/** More searches than this added nothing on the question sets that the rules were measured on. */
export const mostSearches = 5;

/** What to search for, with the thought that leads to it. */
export interface PlannedSearch {
  readonly thought: string;
  readonly query: string;
}

/** The search to make after those given; undefined when it is time to answer. `left` is how many the profile still allows. */
export function plannedSearch(
  question: Question,
  searches: readonly FusedSearch[],
  left: number,
): PlannedSearch | undefined {
  if (left <= 0 || searches.length >= mostSearches) return undefined;
  if (searches.length === 0) return { thought: `${opening(question)} Nothing is read yet. `, query: question.text };
  const next = nextQuery(question, searches);
  return next && { thought: reason(next), query: next.query };
}

const asked: Record<Question["kind"], string> = {
  who: "asks who",
  when: "asks when",
  where: "asks where",
  "how-many": "asks for a number",
  "how-to": "asks how something is done",
  why: "asks why",
  "yes-no": "asks for yes or no",
  choice: "asks which of several it is",
  what: "asks what something is",
};

function opening(question: Question): string {
  const named = question.names
    .filter(({ mark }) => mark !== "emphasis")
    .slice(0, 2)
    .map(({ text }) => `“${text}”`);
  return `The question ${asked[question.kind]}${named.length > 0 ? ` and names ${named.join(" and ")}` : ""}.`;
}

function reason({ why, about, from }: NextQuery): string {
  if (why === "unread") return `The question names “${about}”, and nothing that was read is about it. `;
  if (why === "bridge")
    return `${from ? `“${from}”` : "A document"} names “${about}”; what else the question asks may stand there. `;
  return `“${about}” fits the question, but not all that is asked stands in it. `;
}
