/** A JSON text as a value, or that it is none. Python's `NaN` and `Infinity` are read as null: no score is better than a wrong one. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  const bare = text.replace(/^\ufeff/u, "");
  try {
    return { ok: true, value: JSON.parse(bare) as unknown };
  } catch {
    if (!/\b(?:NaN|Infinity)\b/u.test(bare)) return { ok: false };
  }
  try {
    // Strings are matched first, so that the words inside them stay.
    const strict = bare.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gu, (part) =>
      part.startsWith('"') ? part : "null",
    );
    return { ok: true, value: JSON.parse(strict) as unknown };
  } catch {
    return { ok: false };
  }
}
