/** Tokens a passage may have: the embedder's window is 256, and what is longer would be cut off unseen. */
export const mostTokens = 230;

/**
 * Tokens a WordPiece embedder makes of a text, estimated without running it: one for about four letters or digits of a word, one
 * for each other mark, one for each character of scripts written without spaces.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const match of text.matchAll(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu,
  )) {
    tokens += match[0].length <= 5 ? 1 : Math.ceil(match[0].length / 4.5);
  }
  return tokens;
}
