import { names } from "../../language/names.ts";
import { contentKeys } from "../../language/words.ts";

const pronoun = /\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|there|then|one)\b/iu;
const fewWords = 3;
const mostNames = 2;

/**
 * A follow-up question as one that stands by itself: where it points back ("Who looks after it?") or is too short to be
 * searched, names are added that it lacks: what the earlier answer brought up, else what the earlier question was about.
 */
export function resolveFollowUp(question: string, earlier: { question: string; answer: string } | undefined): string {
  if (!earlier) return question;
  const own = new Set(contentKeys(question));
  if (own.size > fewWords && !pronoun.test(question)) return question;
  const asked = new Set(contentKeys(earlier.question));
  const found = freshNames(earlier.answer, new Set([...own, ...asked]));
  const added = found.length > 0 ? found : freshNames(earlier.question, own);
  const context = added.length > 0 ? added.slice(0, mostNames).join(", ") : withoutMark(earlier.question);
  return `${withoutMark(question)} (${context})?`;
}

function freshNames(text: string, known: ReadonlySet<string>): string[] {
  return [
    ...new Set(
      names(text)
        .filter((name) => name.keys.some((key) => !known.has(key)))
        .map((name) => name.text),
    ),
  ];
}

function withoutMark(question: string): string {
  return question.replace(/[?\s]+$/u, "");
}
