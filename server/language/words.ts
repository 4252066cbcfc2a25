import { stemmer } from "stemmer";
import { irregularVerbs } from "./irregular-verbs.ts";

/** A word as it stands in a text. `key` is what two words are compared by: folded case and accents, English stem. */
export interface Word {
  readonly text: string;
  readonly key: string;
  /** UTF-16 range in the text. */
  readonly start: number;
  readonly end: number;
}

// A code such as `V-9` or `SKF-114` is one word: neither of its halves says which one is meant.
const wordPattern = /(?<![\p{L}\p{N}])\p{Lu}{1,5}-\d{1,6}\p{L}?(?![\p{L}\p{N}])|[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;
// Scripts written without spaces: the pattern above would take a whole clause for one word.
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** Words of a text in order. `snake_case` and `camelCase` identifiers give their parts. */
export function words(text: string): Word[] {
  const found: Word[] = [];
  for (const match of text.matchAll(wordPattern)) {
    if (unspaced.test(match[0])) {
      for (const part of segmenter.segment(match[0])) {
        if (part.isWordLike) found.push(word(part.segment, match.index + part.index));
      }
      continue;
    }
    let at = match.index;
    for (const part of match[0].split(/(?<=\p{Ll})(?=\p{Lu}\p{Ll})/u)) {
      found.push(word(part, at));
      at += part.length;
    }
  }
  return found;
}

function word(text: string, start: number): Word {
  return { text, key: wordKey(text), start, end: start + text.length };
}

/** The form two words are compared by. */
export function wordKey(word: string): string {
  const folded = word
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/['’](?:s|re|ve|ll|d|m)?$/u, "")
    .replace(/['’-]/gu, "");
  const base = irregularVerbs.get(folded) ?? folded;
  return /^[a-z]{4,}$/.test(base) ? stemmer(base) : base;
}

/** Keys of the words that carry meaning, each once, in order of first occurrence. */
export function contentKeys(text: string): string[] {
  const keys = new Set<string>();
  for (const each of words(text)) if (!isFunctionWord(each.text)) keys.add(each.key);
  return [...keys];
}

/** True for English words that carry grammar rather than meaning; question words are among them. */
export function isFunctionWord(word: string): boolean {
  const folded = word.toLowerCase().replace(/’/g, "'");
  return functionWords.has(folded) || (folded.length === 1 && /[a-z]/.test(folded));
}

const functionWords = new Set(
  `a about above after again against all also although always am among an and another any anybody anyone anything are aren't
  around as at away be became because become been before being below besides between both but by came can can't cannot
  could couldn't did didn't do does doesn't doing don't done down during each either else ever every everyone everything for
  from further get gets getting give given go goes going got had hadn't has hasn't have haven't having he her here hers
  herself him himself his how however i i'm if in instead into is isn't it it's its itself just let lets like made make
  makes many may me might mine more most much must my myself near neither never no nobody none nor not nothing now of off
  often on once one ones only onto or other others otherwise our ours ourselves out over own per perhaps please quite
  rather really same shall shan't she should shouldn't since so some somebody someone something still such take than that
  that's the their theirs them themselves then there there's therefore these they thing things this those though through
  thus till to together too toward towards under unless until up upon us use used uses using very via want was wasn't way
  we were weren't what what's whatever when when's whenever where where's wherever whether which whichever while who who's
  whoever whole whom whose why will with within without won't would wouldn't yes yet you you're your yours yourself
  yourselves`.split(/\s+/),
);
