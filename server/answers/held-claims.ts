import { isFunctionWord, words } from "../language/words.ts";

/** What a sentence is checked against: the quotes themselves, and the passages they were taken from. */
export interface Ground {
  /** Text of the quotes. */
  quotes: string;
  /** Titles, headings and whole text of the quoted passages, and the question. */
  around: string;
  /** Titles of the quoted passages: a year in a title is said of all that stands under it. */
  titles: string;
}

/**
 * Whether the quotes hold what a sentence claims beyond its words: every number, every name, and a denial. However many words
 * agree, 40 instead of 400, another name, or a "not" is a different fact.
 */
export function claimsHeld(sentence: string, ground: Ground): boolean {
  const held = new Set([...numbersIn(ground.quotes), ...numbersIn(ground.titles)]);
  if (!numbersIn(sentence).every((number) => held.has(number))) return false;
  const known = new Set(words(ground.around).map(({ key }) => key));
  if (!namesIn(sentence).every((key) => known.has(key))) return false;
  return denialHeld(sentence, ground.quotes);
}

const digits = /(?<![\p{L}\p{N}]|\p{Lu}-)(?:(?<![\p{P}\p{S}])[-−])?\d+(?:[.,]\d+)*/gu;
const units =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const scales: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1_000,
  million: 1_000_000,
  billion: 1_000_000_000,
};
const counting = [...units, ...tens, ...Object.keys(scales)].join("|");
const spelt = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${counting})(?:(?:[\\s-]+|\\s+and\\s+)(?:${counting}))*(?![\\p{L}\\p{N}])`,
  "giu",
);

/** Numbers of a text by value, spelt out or not, and codes such as `V-9` by their key. "one" alone is mostly no number. */
export function numbersIn(text: string): string[] {
  const found: string[] = [];
  for (const [written] of text.matchAll(digits)) found.push(valueOf(written));
  for (const [written] of text.matchAll(spelt))
    if (written.toLowerCase() !== "one") found.push(String(speltValue(written)));
  for (const { text: word, key } of words(text)) if (letterThenDigit.test(word)) found.push(key);
  return found;
}

/** Tried once from the beginning: a model that hangs writes one word of a hundred thousand letters. */
const letterThenDigit = /^\P{L}*\p{L}.*\p{N}/u;

/** `1,250` is one thousand two hundred and fifty; where commas group nothing they are left as written. */
function valueOf(written: string): string {
  const plain = written.replace("−", "-");
  const grouped = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/u.test(plain) ? plain.replaceAll(",", "") : plain;
  return /^-?\d+(?:\.\d+)?$/u.test(grouped) && grouped.length < 16 ? String(Number(grouped)) : grouped;
}

function speltValue(written: string): number {
  let total = 0;
  let group = 0;
  for (const word of written.toLowerCase().split(/[\s-]+/u)) {
    const scale = scales[word];
    if (scale === 100) group = Math.max(group, 1) * 100;
    else if (scale !== undefined) {
      total += Math.max(group, 1) * scale;
      group = 0;
    } else if (units.includes(word)) group += units.indexOf(word);
    else if (tens.includes(word)) group += (tens.indexOf(word) + 2) * 10;
  }
  return total + group;
}

/** Share of function words from which a sentence is taken for English, where a capital inside a sentence means a name. */
const english = 0.2;

function namesIn(sentence: string): string[] {
  const all = words(sentence);
  const grammar = all.filter(({ text }) => isFunctionWord(text)).length;
  if (grammar < english * all.length) return [];
  return all
    .slice(1)
    .filter(
      ({ text, start }) =>
        /^\p{Lu}/u.test(text) &&
        !isFunctionWord(text) &&
        !/[.!?:]["'”’)*_]*\s+["'“‘(*_]*$/u.test(sentence.slice(0, start)),
    )
    .map(({ key }) => key);
}

const denial =
  /(?<![\p{L}])(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|\p{L}+n['’]t)(?![\p{L}])/iu;
/** Share of a quote's words from which a sentence says the same but for the denial. */
const same = 0.8;

/** A denial must be quoted; a quote that denies carries no sentence that says the same without denying it. */
function denialHeld(sentence: string, quotes: string): boolean {
  const denies = denial.test(sentence);
  if (denies === denial.test(quotes)) return true;
  if (denies) return false;
  const said = new Set(words(sentence).map(({ key }) => key));
  const quoted = words(quotes).filter(({ text }) => !isFunctionWord(text));
  return quoted.filter(({ key }) => said.has(key)).length < same * quoted.length;
}
