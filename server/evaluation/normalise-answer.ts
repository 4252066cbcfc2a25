import { collapse } from "../rollout/python-text.ts";

/**
 * How an answer is brought to a common form before it is compared. R1-Searcher turns punctuation into a space, Search-R1 and
 * most programs after it delete it: `10,000` becomes `10 000` or `10000`. Scores of the two are not comparable.
 */
export type NormaliserName = "punctuation-to-space" | "punctuation-deleted";

/** The two reference programs as published: their normalisers, and whether `True` and `False` stand for yes and no. */
export const normalisers: Readonly<Record<NormaliserName, (text: string) => string>> = {
  "punctuation-to-space": (text) => r1SearcherForm(booleanWord(text)),
  "punctuation-deleted": searchR1Form,
};

/** `string.punctuation` of Python. */
const ascii = "!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~";
const asciiPunctuation = new RegExp(`[${ascii}]`, "gu");
/** R1-Searcher's list adds the curly single quotes, the acute accent and the grave accent. */
const widerPunctuation = new RegExp(`[${ascii}‘’´\`]`, "gu");

/**
 * `\b(a|an|the)\b`. Python's word characters are letters, numbers and the underscore; a combining mark is none, so the `a` of
 * a decomposed `à` stands alone there and is taken for an article.
 */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** Printable ASCII and white space, as most answers are: words are runs of letters and digits there, which is decided much faster. */
const plain = /^[\t\n\v\f\r -~]*$/u;
const plainWord = /[a-z0-9]+/gu;

/** The words of plain text in lower case without the articles. */
function plainForm(lower: string): string {
  const words = lower.match(plainWord) ?? [];
  return words.filter((word) => word !== "a" && word !== "an" && word !== "the").join(" ");
}

function r1SearcherForm(text: string): string {
  if (plain.test(text)) return plainForm(text.toLowerCase());
  const spaced = text.replaceAll("_", " ").toLowerCase().replace(widerPunctuation, " ");
  return collapse(spaced.replace(articles, " "));
}

function searchR1Form(text: string): string {
  if (plain.test(text)) return plainForm(text.toLowerCase().replace(asciiPunctuation, ""));
  return collapse(text.toLowerCase().replace(asciiPunctuation, "").replace(articles, " "));
}

/** Exactly `True` and `False` are yes and no: data sets write a Boolean answer either way. */
function booleanWord(text: string): string {
  return text === "True" ? "yes" : text === "False" ? "no" : text;
}

/** The words of a normalised answer, as Python's `split()` gives them. */
export function answerWords(normalised: string): string[] {
  return normalised === "" ? [] : normalised.split(" ");
}
