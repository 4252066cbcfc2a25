import type { AnswerCandidate } from "./answer-chain.ts";
import type { Question } from "./question.ts";

/** One of the things that a question lets choose from. */
export interface Alternative {
  readonly text: string;
  readonly keys: readonly string[];
}

/** For each alternative the sentence that says most of what is compared; `decided` where the values can be told apart. */
export interface Comparison {
  readonly links: readonly AnswerCandidate[];
  readonly alternatives: readonly Alternative[];
  readonly decided: Alternative | undefined;
}

const more =
  /\b(?:more|most|larger|largest|bigger|biggest|higher|highest|longer|longest|taller|tallest|heavier|heaviest|greater|greatest|later|latest|last|younger|youngest|newer|newest|faster|fastest|wider|widest|deeper|recent|recently)\b/iu;
const less =
  /\b(?:less|least|fewer|fewest|smaller|smallest|lower|lowest|shorter|shortest|lighter|lightest|earlier|earliest|first|older|oldest|slower|slowest|narrower)\b/iu;

/** `A or B` at the end of a question that asks which of them; empty where it names no two things. */
export function alternativesOf(question: Question): Alternative[] {
  if (question.kind !== "choice") return [];
  const at = question.text.search(/\bor\b(?!.*\bor\b)/iu);
  if (at < 0) return [];
  const before = question.names
    .filter((name) => name.end <= at)
    .sort((a, b) => b.end - a.end || b.keys.length - a.keys.length)[0];
  const after = question.names
    .filter((name) => name.start > at)
    .sort((a, b) => a.start - b.start || b.keys.length - a.keys.length)[0];
  return before && after ? [before, after].map(({ text, keys }) => ({ text, keys })) : [];
}

/** Undefined where one of the alternatives is not spoken of. */
export function compare(
  question: Question,
  alternatives: readonly Alternative[],
  candidates: readonly AnswerCandidate[],
): Comparison | undefined {
  const links: AnswerCandidate[] = [];
  for (const { keys } of alternatives) {
    const others = new Set(alternatives.flatMap((other) => other.keys).filter((key) => !keys.includes(key)));
    let best: { candidate: AnswerCandidate; worth: number } | undefined;
    for (const candidate of candidates) {
      const { sentence, above } = candidate;
      if (!keys.every((key) => sentence.keys.has(key) || above.has(key))) continue;
      const own = keys.filter((key) => sentence.keys.has(key)).length / keys.length;
      const compared = [...question.commonKeys].filter((key) => sentence.keys.has(key)).length;
      const stray = [...others].some((key) => sentence.keys.has(key)) ? 0.4 : 0;
      const worth =
        compared + 0.5 * own + (valueIn(sentence.text) === undefined ? 0 : 0.8) + 0.3 * candidate.placed - stray;
      if (!best || worth > best.worth) best = { candidate, worth };
    }
    if (!best) return undefined;
    links.push(best.candidate);
  }
  return { links, alternatives, decided: decide(question, alternatives, links) };
}

function decide(
  question: Question,
  alternatives: readonly Alternative[],
  links: readonly AnswerCandidate[],
): Alternative | undefined {
  const [a, b] = links.map(({ sentence }) => valueIn(sentence.text));
  const sign = more.test(question.text) ? 1 : less.test(question.text) ? -1 : 0;
  if (a === undefined || b === undefined || a === b || sign === 0) return undefined;
  return (a - b) * sign > 0 ? alternatives[0] : alternatives[1];
}

/** The number that a sentence gives; a year where it gives one, for what is compared by time. */
function valueIn(text: string): number | undefined {
  const year = /\b(?:1[0-9]|20)\d{2}\b/u.exec(text)?.[0];
  const number = year ?? /(?<![\p{L}\p{N}-])\d[\d,]*(?:\.\d+)?/u.exec(text)?.[0];
  return number === undefined ? undefined : Number(number.replaceAll(",", ""));
}
