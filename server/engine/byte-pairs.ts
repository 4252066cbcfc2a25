/** A vocabulary of byte pairs (Sennrich et al. 2016, over bytes as in GPT-2), in the letters that stand for bytes. */
export interface BytePairs {
  /** Tokens in the order of their ids: the 256 bytes, then one per merge. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * GPT-2's letters for bytes: printable Latin-1 stands for itself, every other byte for a letter from U+0100 on, so that a vocabulary
 * can be written as text.
 */
export const byteLetters: readonly string[] = (() => {
  const letters: string[] = [];
  let next = 0;
  for (let byte = 0; byte < 256; byte++) {
    const itself = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    letters.push(String.fromCodePoint(itself ? byte : 0x100 + next++));
  }
  return letters;
})();

/** GPT-2's words: contractions, letters, numbers and signs with the space before them, and spaces. */
const words = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const digits = /\p{N}|\P{N}+/gu;

/** The pieces of a text inside which pairs are merged, in letters that stand for bytes. Digits stand alone. */
export function byteWords(text: string): string[] {
  const pieces = (text.match(digits) ?? []).flatMap((piece) => piece.match(words) ?? []);
  return pieces.map((piece) => Array.from(Buffer.from(piece, "utf8"), (byte) => byteLetters[byte]).join(""));
}

interface Word {
  symbols: string[];
  count: number;
}

/**
 * The most frequent pairs of a text, `merges` at most; fewer where no pair occurs twice. Of equally frequent pairs the first in code
 * point order is taken, so that the same text gives the same vocabulary.
 */
export function learnBytePairs(texts: readonly string[], merges: number): BytePairs {
  const words = countWords(texts);
  const counts = new Map<string, number>();
  const places = new Map<string, Set<Word>>();
  const add = (pair: string, word: Word, by: number): void => {
    counts.set(pair, (counts.get(pair) ?? 0) + by);
    if (by > 0) {
      const at = places.get(pair);
      if (at) at.add(word);
      else places.set(pair, new Set([word]));
    }
  };
  const countPairs = (word: Word, sign: 1 | -1): void => {
    for (let i = 1; i < word.symbols.length; i++)
      add(`${word.symbols[i - 1]} ${word.symbols[i]}`, word, sign * word.count);
  };
  for (const word of words) countPairs(word, 1);
  const learnt: [string, string][] = [];
  while (learnt.length < merges) {
    const best = mostFrequent(counts);
    if (best === undefined) break;
    const [left, right] = best.split(" ") as [string, string];
    learnt.push([left, right]);
    const touched = places.get(best) ?? [];
    for (const word of touched) {
      countPairs(word, -1);
      word.symbols = merged(word.symbols, left, right);
      countPairs(word, 1);
    }
    counts.delete(best);
    places.delete(best);
  }
  return { tokens: [...byteLetters.toSorted(), ...learnt.map(([left, right]) => left + right)], merges: learnt };
}

function countWords(texts: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of byteWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({ symbols: [...word], count }));
}

function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  let most = 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== undefined && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best;
}

function merged(symbols: readonly string[], left: string, right: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      out.push(left + right);
      i++;
    } else out.push(symbols[i]!);
  }
  return out;
}
