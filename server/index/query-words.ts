/** Words that say nothing about what a question is about; the words leg is asked without them. */
const stopWords = new Set(
  (
    "a about above after again all also am an and any are as at be because been before being between both but by can could did do does doing done during each " +
    "for from further had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not of off on once only or other our " +
    "out over own same she should so some such than that the their theirs them then there these they this those through to too under until up very was we were what " +
    "when where which while who whom whose why will with would you your yours"
  ).split(" "),
);

/** Words of a text as a reader counts them: letters and digits of any script, lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The words of a query that carry its meaning; all of them when nothing else is left. */
export function contentWords(query: string): string[] {
  const words = wordsOf(query);
  const content = words.filter((word) => !stopWords.has(word));
  return content.length > 0 ? content : words;
}

/** `getUserById`, `get_user_by_id` and `HTTPServer2` as separate words, for the column of split identifiers. */
export function splitIdentifiers(text: string): string {
  const parts = new Set<string>();
  for (const [identifier] of text.matchAll(/\b(?=\w*(?:[a-z][A-Z]|_|[A-Za-z]\d))\w{3,64}\b/g)) {
    for (const part of identifier.split(/_|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)/)) {
      if (part.length > 1) parts.add(part.toLowerCase());
    }
  }
  return [...parts].join(" ");
}

/** Query words that occur in a text, compared by a common stem, as they stand in the query. */
export function matchedWords(query: string, text: string): string[] {
  const stems = new Set(wordsOf(text).map(lightStem));
  return [...new Set(contentWords(query).filter((word) => stems.has(lightStem(word))))];
}

/** Plural and verb endings off; only to say which words matched, not to search. */
function lightStem(word: string): string {
  return word.length > 4 ? word.replace(/(?:ies|es|s|ed|ing|e)$/, "") : word;
}
