import { datePattern, quantityPattern } from "./answer-kind.ts";
import type { PlacedSentence } from "./answer-chain.ts";
import type { Question } from "./question.ts";

const mostWords = 10;

/** A phrase of at most ten words out of the chosen sentences, by the kind of answer the question asks for. */
export function shortAnswer(question: Question, chosen: readonly PlacedSentence[]): string {
  // The last link of a chain holds the answer; the ones before lead to it.
  for (const { sentence } of chosen.toReversed()) {
    const phrase = phraseOf(question, sentence.text, sentence.names.map((name) => ({ text: name.text, fresh: name.keys.some((key) => !question.keys.has(key)) })));
    if (phrase) return clipped(phrase);
  }
  return clipped(chosen.at(-1)?.sentence.text ?? "");
}

function phraseOf(question: Question, text: string, names: readonly { text: string; fresh: boolean }[]): string | undefined {
  const fresh = (pattern: RegExp): string | undefined =>
    [...text.matchAll(new RegExp(pattern.source, "gu"))].map(([match]) => match).find((match) => !question.text.includes(match));
  switch (question.kind) {
    case "when":
      return fresh(datePattern);
    case "how-many":
      return fresh(quantityPattern);
    case "yes-no":
      return /\b(?:not|never|cannot|no|without)\b/iu.test(text) ? "no" : "yes";
    case "choice":
      return names.find(({ text: name }) => question.text.includes(name))?.text ?? names.find((name) => name.fresh)?.text;
    case "who":
    case "where":
    case "what":
      return names.find((name) => name.fresh)?.text;
    default:
      return undefined;
  }
}

function clipped(text: string): string {
  return text.replace(/\s+/gu, " ").trim().split(" ").slice(0, mostWords).join(" ");
}
