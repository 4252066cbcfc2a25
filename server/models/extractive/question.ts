import { names, type Name } from "../../language/names.ts";
import { isFunctionWord, words } from "../../language/words.ts";

export type QuestionKind = "who" | "when" | "where" | "how-many" | "how-to" | "why" | "yes-no" | "choice" | "what";

/** A content word of the question. */
export interface Term {
  readonly key: string;
  readonly text: string;
  /** How much it narrows the search, from the wording alone: names and numbers 2, other words 1. */
  readonly weight: number;
}

/** What the rules of the extractive policy know about a question. */
export interface Question {
  readonly text: string;
  readonly kind: QuestionKind;
  readonly terms: readonly Term[];
  readonly keys: ReadonlySet<string>;
  /** Keys of the terms that are part of no name. */
  readonly commonKeys: ReadonlySet<string>;
  /** Names in the question, longest first; parts of joined names are among them. */
  readonly names: readonly Name[];
}

export function readQuestion(text: string): Question {
  const cleaned = text.replace(/\s+/gu, " ").trim();
  const found = names(cleaned).sort((a, b) => b.keys.length - a.keys.length || a.start - b.start);
  const named = new Set(found.flatMap((name) => name.keys));
  const terms = new Map<string, Term>();
  for (const word of words(cleaned)) {
    if (isFunctionWord(word.text) || terms.has(word.key)) continue;
    const strong = named.has(word.key) || /\d/u.test(word.text);
    terms.set(word.key, { key: word.key, text: word.text, weight: strong ? 2 : 1 });
  }
  const keys = new Set(terms.keys());
  const commonKeys = new Set([...keys].filter((key) => !named.has(key)));
  return { text: cleaned, kind: questionKind(cleaned), terms: [...terms.values()], keys, commonKeys, names: found };
}

const patterns: readonly [QuestionKind, RegExp][] = [
  [
    "how-many",
    /\bhow (?:many|much|long|far|tall|high|deep|old|big|large|often|fast|wide|heavy)\b|\bwhat (?:number|percentage|amount|size)\b/i,
  ],
  ["how-to", /\bhow (?:do|can|should|would|to|does one|must|could|might) ?(?:i|we|you|one)?\b|\bsteps? to\b/i],
  ["why", /\bwhy\b|\bfor what reason\b/i],
  ["who", /\bwho\b|\bwhom\b|\bwhose\b/i],
  ["when", /\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b/i],
  ["where", /\bwhere\b|\b(?:what|which) (?:city|country|town|state|place|county|province|location)\b/i],
];

/** The kind of answer asked for. Words at the start decide; `or` between names makes a choice. */
export function questionKind(text: string): QuestionKind {
  if (/\b(?:which|who|what)\b.*[,:]?\s.*\bor\b/i.test(text) && /\bor\b[^?]*\??\s*$/i.test(text)) return "choice";
  if (/^(?:is|are|was|were|do|does|did|has|have|had|can|could|should|will|would|may|must)\b/i.test(text)) {
    return "yes-no";
  }
  let first: { kind: QuestionKind; at: number } | undefined;
  for (const [kind, pattern] of patterns) {
    const at = text.search(pattern);
    if (at >= 0 && (!first || at < first.at)) first = { kind, at };
  }
  const what = text.search(/\b(?:what|which)\b/i);
  if (first && (what < 0 || first.at <= what)) return first.kind;
  return "what";
}
