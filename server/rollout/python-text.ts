/*
 * White space and digits as Python sees them, which the reference programs are written in. JavaScript's `trim` and `\s` also
 * take U+FEFF and leave U+001C to U+001F and U+0085.
 */
const space = "\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const leading = new RegExp(`^[${space}]+`, "u");
const trailing = new RegExp(`[${space}]+$`, "u");
const runs = new RegExp(`[${space}]+`, "gu");
const rowNumber = new RegExp(`^\\p{Nd}+[${space}]+`, "u");

/** Python's `str.strip()`. */
export function strip(text: string): string {
  return text.replace(leading, "").replace(trailing, "");
}

/** `" ".join(text.split())`. */
export function collapse(text: string): string {
  return strip(text.replace(runs, " "));
}

/** `re.sub(r"^\d+\s+", "", text)`: a corpus row number in front of a document; also a year that begins one. */
export function stripRowNumber(text: string): string {
  return text.replace(rowNumber, "");
}
