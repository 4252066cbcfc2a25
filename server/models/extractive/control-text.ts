/*
 * Titles, names and sentences come from documents and must not steer the transcript they are written into: a tag among
 * them would end a query, close the thinking or forge an answer.
 */
const controlTag =
  /<\|[^|<>\n]{1,64}\|>|<\/?(?:think|answer|search|information|documents?|query|tool_call|tool_response|result)>/iu;

/** True when a text holds a tag that some profile acts on. */
export function holdsControlTag(text: string): boolean {
  return controlTag.test(text);
}

/** One line without angle brackets, at most `most` characters: for thoughts, queries and short answers. */
export function tagFree(text: string, most: number): string {
  const line = text.replace(/</gu, "‹").replace(/>/gu, "›").replace(/\s+/gu, " ");
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/u, "")}…` : line;
}
