/** In "left- and right-hand" the hyphen stands for a word. */
const joining = new Set(["and", "or", "und", "oder", "et", "ou", "e", "o", "y"]);

/** The words of a document, lower case, hyphenated ones whole. */
export function vocabularyOf(texts: Iterable<string>): Set<string> {
  const words = new Set<string>();
  for (const text of texts)
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*/gu)) words.add(word);
  return words;
}

/**
 * Lines of one paragraph with each word that was divided at a line's end whole on the line where it begins. Whether its
 * hyphen belongs to the word is what the rest of the document says; where it says nothing the hyphen goes.
 */
export function joinDivided(lines: readonly string[], vocabulary: ReadonlySet<string>): string[] {
  const joined = [...lines];
  for (let at = 0; at + 1 < joined.length; at++) {
    const before = /(?<head>[\p{L}\p{M}]+)(?<mark>[-\u00ad\u2010])$/u.exec(joined[at]!)?.groups;
    const after = /^(?<tail>\p{Ll}[\p{L}\p{M}]*)(?<marks>[^\s\p{L}\p{N}]*)\s*/u.exec(joined[at + 1]!);
    if (!before || !after?.groups) continue;
    const { tail = "", marks = "" } = after.groups;
    const rest = joined[at + 1]!.slice(after[0].length);
    if (joining.has(tail)) continue;
    const [plain, dashed] = [`${before.head!}${tail}`, `${before.head!}-${tail}`];
    const keeps =
      before.mark !== "\u00ad" && vocabulary.has(dashed.toLowerCase()) && !vocabulary.has(plain.toLowerCase());
    joined[at] = `${joined[at]!.slice(0, -before.head!.length - 1)}${keeps ? dashed : plain}${marks}`;
    // The line of a word's end alone goes with it.
    if (rest === "") joined.splice(at + 1, 1);
    else joined[at + 1] = rest;
  }
  return joined;
}
