import type { Passage } from "../../../protocol/passage.ts";
import { answerWords, normalisers } from "../normalise-answer.ts";

const normalise = normalisers["punctuation-to-space"];

/** Answers of this form occur in every text, so that their occurrence says nothing. */
const everywhere = new Set(["", "yes", "no", "noanswer"]);

/** The normalised gold answers whose occurrence in a text says something; none for yes/no questions. */
export function tellingGolds(golds: readonly string[]): string[] {
  return [...new Set(golds.map(normalise))].filter((gold) => !everywhere.has(gold));
}

/** Finds the passages that hold an answer as whole words, after normalisation of both. */
export class GoldFinder {
  readonly #texts: string[];
  /** Places of the passages that hold a word. */
  readonly #places = new Map<string, number[]>();

  constructor(passages: readonly Pick<Passage, "title" | "text">[]) {
    this.#texts = passages.map(({ title, text }) => ` ${normalise(title)} ${normalise(text)} `);
    for (const [place, text] of this.#texts.entries()) {
      for (const word of new Set(answerWords(text.trim()))) {
        const places = this.#places.get(word);
        if (places) places.push(place);
        else this.#places.set(word, [place]);
      }
    }
  }

  /** Whether any passage holds any of these normalised answers. */
  holdsAny(golds: readonly string[]): boolean {
    return golds.some((gold) => this.#candidates(gold).some((place) => this.#texts[place]!.includes(` ${gold} `)));
  }

  /** Passages that hold the answer's rarest word. */
  #candidates(gold: string): readonly number[] {
    let rarest: readonly number[] | undefined;
    for (const word of answerWords(gold)) {
      const places = this.#places.get(word) ?? [];
      if (!rarest || places.length < rarest.length) rarest = places;
    }
    return rarest ?? [];
  }
}
