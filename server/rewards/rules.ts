import { collapse } from "../rollout/python-text.ts";
import type { RuleName } from "./reward-profile.ts";
import { type ReadAnswer, type ScoredText, type Span, endOf, matches, occurrences, outside } from "./scored-text.ts";

/** One place where a rule is broken. */
export interface Fault extends Span {
  message: string;
}

/** A rule names its faults, in the order of the text; none when it holds. */
export type Rule = (scored: ScoredText, answer: ReadAnswer | undefined) => Fault[];

/** A hostile text can break a rule at every character; a reader needs the first places only. */
const mostFaults = 20;

/** The seven strings that R1-Searcher's reward servers count. */
const countedTags = [
  "<|begin_of_documents|>\n",
  "<|end_of_documents|>\n\n",
  "<|begin_of_query|>",
  "<|end_of_query|>",
  "<|begin_of_documents|>",
  "<|end_of_documents|>",
  "<|begin_of_documents|>\n(1)",
] as const;

const assistantWord = /[Aa]ssistant/gu;
const chineseRun = /[\u4e00-\u9fff]+/gu;
/** Replacement characters, control characters, lone surrogates and private use. */
const unreadableRun = /(?:\ufffd|(?![\t\n\v\f\r\x1c-\x1f\x85])[\p{Cc}\p{Cs}\p{Co}])+/gu;

const documentTags = ["<|begin_of_documents|>", "<|end_of_documents|>"] as const;

export const rules: Readonly<Record<RuleName, Rule>> = {
  "tag-counts": (scored) => {
    const found = countedTags.map((tag) => occurrences(scored, tag));
    const counts = found.map(({ length }) => length);
    if (counts.every((count) => count === counts[0])) return [];
    const tally = countedTags.map((tag, index) => `${counts[index]} ${JSON.stringify(tag).slice(1, -1)}`).join(", ");
    return [
      { ...(oddOne(found) ?? endOf(scored)), message: `Queries and documents do not pair up; counted were ${tally}.` },
    ];
  },

  searched: (scored) => {
    const blocks =
      scored.scope === "response"
        ? occurrences(scored, "<|begin_of_documents|>").length
        : scored.segments.filter(({ origin, kind }) => origin === "environment" && kind === "documents").length;
    return blocks > 0 ? [] : [{ ...endOf(scored), message: "Nothing was retrieved." }];
  },

  "assistant-word": (scored) =>
    matches(scored, assistantWord, mostFaults).map((found) => ({
      ...found,
      message: `The text holds the word ${scored.text.slice(found.start, found.end)}, which the released rule takes for a turn of a dialogue.`,
    })),

  "think-tags": (scored) => {
    const faults: Fault[] = occurrences(scored, "<think>")
      .slice(0, mostFaults)
      .map((found) => ({
        ...found,
        message: "A <think> stands in the response, though the prompt opens the thinking already.",
      }));
    const closes = occurrences(scored, "</think>");
    if (closes.length === 0) faults.push({ ...endOf(scored), message: "The thinking is never closed with </think>." });
    for (const span of closes.slice(1, mostFaults))
      faults.push({ ...span, message: "The thinking is closed with </think> more than once." });
    return faults.toSorted((a, b) => a.start - b.start);
  },

  "answer-tags": (scored) => {
    const faults: Fault[] = [];
    for (const tag of ["<answer>", "</answer>"]) {
      const found = occurrences(scored, tag);
      if (found.length === 0) faults.push({ ...endOf(scored), message: `The response has no ${tag}.` });
      for (const span of found.slice(1, mostFaults))
        faults.push({ ...span, message: `The response has ${tag} more than once.` });
    }
    return faults.toSorted((a, b) => a.start - b.start);
  },

  "tags-in-answer": (_, answer) => {
    const inside = answer && ["begin_of_query", "begin_of_documents"].find((name) => answer.text.includes(name));
    return inside ? [{ ...span(answer), message: `The answer holds ${inside}.` }] : [];
  },

  "answer-words": (_, answer) => {
    const words = answer ? collapse(answer.text).split(" ").filter(Boolean).length : 0;
    return words > 10 ? [{ ...span(answer!), message: `The answer has ${words} words; at most 10 are allowed.` }] : [];
  },

  chinese: (scored) => {
    const spans = outside(scored, ...documentTags);
    return matches({ text: scored.text, spans }, chineseRun, mostFaults).map((found) => ({
      ...found,
      message: "Chinese characters stand outside the documents.",
    }));
  },

  unreadable: (scored) =>
    matches(scored, unreadableRun, mostFaults).map((found) => ({
      ...found,
      message: "The policy wrote characters that cannot be read.",
    })),

  "query-tags": (scored) => {
    const opens = occurrences(scored, "<|begin_of_query|>");
    const closes = occurrences(scored, "<|end_of_query|>");
    if (opens.length === closes.length) return [];
    const more = opens.length > closes.length ? opens : closes;
    const message = `The policy wrote ${opens.length} <|begin_of_query|> and ${closes.length} <|end_of_query|>.`;
    return [{ ...more[Math.min(opens.length, closes.length)]!, message }];
  },

  "forged-documents": (scored) =>
    documentTags
      .flatMap((tag) =>
        occurrences(scored, tag).map((found) => ({
          ...found,
          message: `The policy wrote ${tag} itself, which only the search may.`,
        })),
      )
      .toSorted((a, b) => a.start - b.start)
      .slice(0, mostFaults),
};

function span({ start, end }: Span): Span {
  return { start, end };
}

/** The last occurrence of the tag that stands out most often: the likeliest place of the slip. */
function oddOne(found: readonly (readonly Span[])[]): Span | undefined {
  const most = found.reduce((a, b) => (b.length > a.length ? b : a));
  return most.at(-1);
}
