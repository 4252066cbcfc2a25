import type { EvaluationQuestion } from "../data-sets/question.ts";
import { answerWords, normalisers } from "../normalise-answer.ts";
import { tellingGolds } from "./gold-finder.ts";

/** Questions that share this part of their words are nearly the same. */
export const nearlySame = 0.8;

/** A question that another set holds as well, word for word or nearly. */
export interface Contaminated {
  id: string;
  question: string;
  other: { id: string; question: string };
  /** Shared words over all words of the two, 0 to 1; 1 for the same words. */
  overlap: number;
  exact: boolean;
  sameAnswer: boolean;
}

/** For each question the nearest of the other set, where it is nearly the same. Case, punctuation and articles do not count. */
export function contamination(
  questions: readonly EvaluationQuestion[],
  others: readonly EvaluationQuestion[],
): Contaminated[] {
  const index = new WordIndex(others);
  return questions.flatMap((question) => {
    const normalised = normalise(question.question);
    const nearest = index.nearest(normalised);
    if (!nearest || nearest.overlap < nearlySame) return [];
    const { other, overlap } = nearest;
    const golds = new Set(tellingGolds(other.golds));
    return [
      {
        id: question.id,
        question: question.question,
        other: { id: other.id, question: other.question },
        overlap,
        exact: normalised === normalise(other.question),
        sameAnswer: tellingGolds(question.golds).some((gold) => golds.has(gold)),
      },
    ];
  });
}

const normalise = normalisers["punctuation-to-space"];

class WordIndex {
  readonly #questions: readonly EvaluationQuestion[];
  readonly #sizes: number[] = [];
  readonly #places = new Map<string, number[]>();
  readonly #exact = new Map<string, number>();

  constructor(questions: readonly EvaluationQuestion[]) {
    this.#questions = questions;
    for (const [place, { question }] of questions.entries()) {
      const normalised = normalise(question);
      if (!this.#exact.has(normalised)) this.#exact.set(normalised, place);
      const words = new Set(answerWords(normalised));
      this.#sizes.push(words.size);
      for (const word of words) {
        const places = this.#places.get(word);
        if (places) places.push(place);
        else this.#places.set(word, [place]);
      }
    }
  }

  nearest(normalised: string): { other: EvaluationQuestion; overlap: number } | undefined {
    const exact = this.#exact.get(normalised);
    if (exact !== undefined) return { other: this.#questions[exact]!, overlap: 1 };
    const words = new Set(answerWords(normalised));
    const shared = new Map<number, number>();
    for (const word of words)
      for (const place of this.#places.get(word) ?? []) shared.set(place, (shared.get(place) ?? 0) + 1);
    let best: { other: EvaluationQuestion; overlap: number } | undefined;
    for (const [place, count] of shared) {
      const overlap = count / (words.size + this.#sizes[place]! - count);
      if (!best || overlap > best.overlap) best = { other: this.#questions[place]!, overlap };
    }
    return best;
  }
}
