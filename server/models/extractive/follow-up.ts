import { names } from "../../language/names.ts";
import { contentKeys } from "../../language/words.ts";

const pronoun = /\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|there|then|one)\b/iu;
const fewWords = 3;
const mostNames = 3;

/**
 * A follow-up question as one that stands by itself: where it points back ("Who looks after it?") or is too short to be
 * searched, the names of the earlier answer and question that it lacks are added.
 */
export function resolveFollowUp(question: string, earlier: { question: string; answer: string } | undefined): string {
  if (!earlier) return question;
  const own = new Set(contentKeys(question));
  if (own.size > fewWords && !pronoun.test(question)) return question;
  const found: string[] = [];
  for (const name of [...names(earlier.question), ...names(earlier.answer)]) {
    const fresh = name.keys.some((key) => !own.has(key));
    if (fresh && !found.includes(name.text) && found.length < mostNames) found.push(name.text);
  }
  const added = found.length > 0 ? found.join(", ") : earlier.question.replace(/\?+\s*$/u, "");
  return `${question.replace(/\?+\s*$/u, "")} (${added})?`;
}
