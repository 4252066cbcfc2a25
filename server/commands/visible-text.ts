/**
 * Text of a document or a model made safe for a terminal: control characters, escape sequences and characters that
 * change the direction of text or are not seen at all are shown as code points instead of being obeyed. Line feeds and
 * tabs stay, and the joiners that some scripts need.
 */
export function visible(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(
    // eslint-disable-next-line no-control-regex -- control characters are what this is about
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u200b\u00ad\u180e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** One line of at most `width` characters, cut with an ellipsis. */
export function oneLine(text: string, width: number): string {
  const line = visible(text).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}
