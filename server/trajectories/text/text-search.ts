/** What a person looks for in transcripts, as it was understood. */
export type TextSearch =
  /** Texts that hold every phrase, in any order. */
  | { kind: "words"; phrases: readonly Phrase[] }
  /** Texts that hold these characters: what was written has no words, or is of a script that puts no space between them. */
  | { kind: "literal"; text: string };

export interface Phrase {
  /** Folded words that follow each other; what stands between them does not count. */
  words: readonly string[];
  /** The last word need only be begun: it may still be being written. */
  begun: boolean;
}

/** A shorter beginning fits so many words that finding all of them takes longer than writing on. */
const shortestBeginning = 4;
/** Between texts that are searched together; a word of no language, so that no phrase reaches over it. */
export const separator = " \ue000 ";

const wordPattern = /[\p{L}\p{N}]+/gu;
const unspaced =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Khmer}|\p{Script=Myanmar}/u;

/**
 * Reads what was written into a search field: words, and phrases in double quotes. The last word outside of quotes counts as begun.
 * Undefined where nothing is looked for.
 */
export function textSearch(written: string): TextSearch | undefined {
  const text = written.trim();
  if (text === "") return undefined;
  const phrases: Phrase[] = [];
  if (!unspaced.test(text)) {
    for (const [whole, quoted] of text.matchAll(/"([^"]*)"|[^\s"]+/g)) {
      const words = wordsOf(quoted ?? whole);
      // `FW-2` is two words that have to follow each other.
      if (words.length > 0) phrases.push({ words, begun: false });
    }
    const last = phrases.at(-1);
    if (last && /[\p{L}\p{N}]$/u.test(text) && last.words.at(-1)!.length >= shortestBeginning)
      phrases[phrases.length - 1] = { ...last, begun: true };
  }
  return phrases.length > 0 ? { kind: "words", phrases } : { kind: "literal", text: text.toLowerCase() };
}

/** Small letters without diacritics. */
export function fold(text: string): string {
  const small = text.toLowerCase();
  return isAscii(small) ? small : small.normalize("NFD").replace(/\p{M}+/gu, "");
}

/** Whether texts hold what is looked for: together, as one that is searched as a whole. */
export function holds(search: TextSearch, texts: readonly string[]): boolean {
  if (search.kind === "literal") return texts.some((text) => text.toLowerCase().includes(search.text));
  const words = foldedWords(texts);
  return search.phrases.every(({ words: of, begun }) => words.includes(` ${of.join(" ")}${begun ? "" : " "}`));
}

/** The words of texts as they are compared, each between spaces; no phrase reaches from one text into the next. */
export function foldedWords(texts: readonly string[]): string {
  return ` ${texts.map((text) => wordsOf(text).join(" ")).join(separator)} `;
}

/** The search as SQLite's FTS5 takes it. Every word is quoted, so that none is an operator. */
export function matchOf(phrases: readonly Phrase[]): string {
  return phrases.map(({ words, begun }) => `"${words.join(" ")}"${begun ? " *" : ""}`).join(" AND ");
}

/** Folded words in their order. */
export function wordsOf(text: string): string[] {
  return fold(text).match(wordPattern) ?? [];
}

function isAscii(text: string): boolean {
  return !/[^\u0000-\u007f]/.test(text);
}
