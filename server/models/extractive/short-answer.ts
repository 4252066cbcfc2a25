import type { AnswerChain } from "./answer-chain.ts";

const mostWords = 10;

/** A phrase of at most ten words: what the chain's last sentence holds of the kind that is asked for. */
export function shortAnswer({ phrase, links }: Pick<AnswerChain, "phrase" | "links">): string {
  return clipped(phrase) || clipped(links.at(-1)?.sentence.text ?? "");
}

/** Without markup that a short answer has no use for: emphasis, code marks, link targets, a full stop at the end. */
function clipped(text: string): string {
  const plain = text
    .replace(/\[([^\]\n]{1,200})\]\([^)\s]{0,400}\)/gu, "$1")
    .replace(/[*`_|]+/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  return plain
    .split(" ")
    .slice(0, mostWords)
    .join(" ")
    .replace(/[.,;:]+$/u, "");
}
