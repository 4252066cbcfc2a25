import { splitSentences } from "../language/sentences.ts";

/** A sentence of an answer, without its marks, and the documents that the marks name. */
export interface MarkedSentence {
  text: string;
  /** Running document numbers, in order, each once. */
  named: number[];
}

const mark = /\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\](?!\()/gu;
const markAfterStop = /([.!?…]["'”’)*_`]*)((?:\s*\[\d{1,4}(?:\s*[,;]\s*\d{1,4})*\](?!\())+)/gu;

/**
 * Cuts a Markdown answer into sentences. A mark such as `[2]` or `[1, 3]` belongs to the sentence before it, on whichever
 * side of the full stop it stands. Headings make no claim and give none.
 */
export function answerSentences(answer: string): MarkedSentence[] {
  const inside = answer.replace(markAfterStop, "$2$1");
  return splitSentences(inside).flatMap((sentence) => {
    if (sentence.kind === "heading") return [];
    const named: number[] = [];
    for (const match of sentence.text.matchAll(mark)) {
      for (const number of match[1]!.split(/[,;]/u)) if (!named.includes(Number(number))) named.push(Number(number));
    }
    const text = withoutMarks(sentence.text);
    return /[\p{L}\p{N}]/u.test(text) ? [{ text, named }] : [];
  });
}

/** The answer's text without its marks; white space before a full stop that a mark left behind goes with it. */
export function withoutMarks(text: string): string {
  return text
    .replace(mark, "")
    .replace(/(?<![ \t])[ \t]+([.,;:!?…])/gu, "$1")
    .replace(/(\S)[ \t]{2,}/gu, "$1 ")
    .trim();
}
