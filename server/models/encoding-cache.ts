/**
 * Remembers the ids of texts that were encoded lately, up to a number of characters in all: rollouts of one prompt share it, and often
 * what their searches find. The ids are shared by all who ask, so they must not be changed.
 */
export function cachedEncoding(encode: (text: string) => readonly number[], characters: number) {
  const known = new Map<string, readonly number[]>();
  let held = 0;
  return (text: string): readonly number[] => {
    let ids = known.get(text);
    if (ids) known.delete(text);
    else {
      ids = encode(text);
      // A text that would push out half of what is held is not worth it.
      if (text.length > characters / 2) return ids;
      held += text.length;
    }
    // The least recently asked for comes first.
    known.set(text, ids);
    for (const [oldest] of known) {
      if (held <= characters) break;
      known.delete(oldest);
      held -= oldest.length;
    }
    return ids;
  };
}
