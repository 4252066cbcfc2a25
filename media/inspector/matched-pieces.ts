import { stemmer } from "stemmer";

export interface Piece {
  text: string;
  /** A word that one of the query's matched terms stands for. */
  matched: boolean;
}

/** A run of letters and digits; of scripts written without spaces each character by itself. */
const word = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu;

/**
 * Cuts a text at the words that matched, compared by their stems, since a search for “domes” finds “dome”. Joined, the pieces are the text.
 */
export function matchedPieces(text: string, matched: readonly string[]): Piece[] {
  const stems = new Set(
    matched.flatMap((term) => [...term.toLowerCase().matchAll(word)].map(([part]) => stemmer(part))),
  );
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(word)) {
    if (!stems.has(stemmer(found.toLowerCase()))) continue;
    if (index > from) pieces.push({ text: text.slice(from, index), matched: false });
    pieces.push({ text: found, matched: true });
    from = index + found.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), matched: false });
  return pieces;
}
