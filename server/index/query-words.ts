import { stemmer } from "stemmer";

/** Words that say nothing about what a question is about; the words leg is asked without them. */
const stopWords = new Set(
  (
    "a about above after again all also am an and any are as at be because been before being between both but by can could did do does doing done during each every " +
    "for from further had has have having he her here hers him his how i if in into is it its itself just me more most my no nor not of off on once only or other our " +
    "out over own same she should so some such than that the their theirs them then there these they this those through to too under until up very was we were what " +
    "when where which while who whom whose why will with would you your yours"
  ).split(" "),
);

/** Scripts that are written without spaces. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const eastern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** Ranges that hold every character of these scripts, and others: looked for first, since telling scripts apart takes ten times as long. */
const mayBeEastern = /[\u1100-\u11ff\u2e80-\ud7ff\ud800-\udfff\uf900-\ufaff\uff00-\uffef]/;
/** What an identifier of several words has somewhere. */
const mayBeIdentifier = /[a-z][A-Z]|_|[A-Za-z]\d/;
const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** Words of a text as a reader counts them: letters and digits of any script, lower case. Text without spaces is cut by dictionary. */
export function wordsOf(text: string): string[] {
  const runs = text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return runs.flatMap((run) =>
    unspaced.test(run)
      ? [...segmenter.segment(run)].flatMap(({ segment, isWordLike }) => (isWordLike ? [segment] : []))
      : [run],
  );
}

/** The words of a query that carry its meaning; all of them when nothing else is left. */
export function contentWords(query: string): string[] {
  const words = wordsOf(query);
  const content = words.filter((word) => !stopWords.has(word));
  return content.length > 0 ? content : words;
}

/** `getUserById`, `get_user_by_id` and `HTTPServer2` as separate words, each once. */
export function splitIdentifiers(text: string): string {
  if (!mayBeIdentifier.test(text)) return "";
  const parts = new Set<string>();
  for (const [identifier] of text.matchAll(/\b(?=\w*(?:[a-z][A-Z]|_|[A-Za-z]\d))\w{3,64}\b/g)) {
    for (const part of identifier.split(/_|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)/)) {
      if (part.length > 1) parts.add(part.toLowerCase());
    }
  }
  return [...parts].join(" ");
}

/**
 * Pairs of neighbouring characters of Chinese, Japanese and Korean text, separated by spaces. A dictionary cuts the same word otherwise in
 * other company, and Korean words carry their endings; pairs are the same everywhere.
 */
export function characterPairs(text: string): string {
  if (!mayBeEastern.test(text)) return "";
  const pairs: string[] = [];
  for (const [run] of text.matchAll(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc]+/gu,
  )) {
    const characters = [...run.normalize("NFKC")];
    if (characters.length === 1) pairs.push(run);
    for (let at = 0; at + 1 < characters.length; at++) pairs.push(characters[at]! + characters[at + 1]!);
  }
  return pairs.join(" ");
}

/**
 * Query words that occur in a text, compared by stem as the index compares them, as they stand in the query. A Chinese, Japanese or Korean word also
 * occurs inside of a longer one.
 */
export function matchedWords(query: string, text: string): string[] {
  const stems = new Set(wordsOf(text).map(stem));
  const lower = text.toLowerCase();
  const occurs = (word: string): boolean => stems.has(stem(word)) || (eastern.test(word) && lower.includes(word));
  return [...new Set(contentWords(query).filter(occurs))];
}

/** Whether a phrase stands in a text, word for word. */
export function holdsPhrase(text: string, phrase: string): boolean {
  return ` ${wordsOf(text).join(" ")} `.includes(` ${wordsOf(phrase).join(" ")} `);
}

function stem(word: string): string {
  return /^[a-z]{3,}$/.test(word) ? stemmer(word) : word;
}
