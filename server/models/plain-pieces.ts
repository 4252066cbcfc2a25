/** Cuts a text inside every control token that it spells out, after the token's first character, so that no piece holds one. */
export function plainPieces(text: string, control: readonly string[]): string[] {
  const cuts = new Set<number>();
  for (const token of control) {
    const first = token.codePointAt(0)! > 0xffff ? 2 : 1;
    for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) cuts.add(at + first);
  }
  const ends = [...cuts].sort((a, b) => a - b);
  return [0, ...ends]
    .map((from, index) => text.slice(from, ends[index] ?? text.length))
    .filter((piece) => piece !== "");
}
