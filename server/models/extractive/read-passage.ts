import type { Passage } from "../../../protocol/passage.ts";
import { names, type Name } from "../../language/names.ts";
import { splitSentences, type Sentence } from "../../language/sentences.ts";
import { contentKeys, words, type Word } from "../../language/words.ts";

export interface ReadSentence extends Sentence {
  readonly words: readonly Word[];
  readonly keys: ReadonlySet<string>;
  readonly names: readonly Name[];
}

/** A passage taken apart once; every rule of the extractive policy reads this. */
export interface ReadPassage {
  readonly passage: Passage;
  /** Title without what only tells titles apart (`Mercury (planet)`). */
  readonly title: string;
  readonly titleKeys: ReadonlySet<string>;
  /** What the passage is about, widest first: the parts of a title that is a path (`Alarm codes › A-22`), else the title. */
  readonly subjects: readonly Subject[];
  /** Title, headings and text. */
  readonly keys: ReadonlySet<string>;
  /** Lower-case text, for looking up names. */
  readonly folded: string;
  readonly sentences: readonly ReadSentence[];
}

/** Something that a passage is about. */
export interface Subject {
  readonly text: string;
  readonly folded: string;
  readonly keys: readonly string[];
}

/** What a document can hold is bounded by nothing; what is read of it is. */
const mostCharacters = 20_000;
const mostTitle = 300;

const cache = new WeakMap<Passage, ReadPassage>();

/** Remembered by object: a rollout reads the same hits again at every step. */
export function readPassage(passage: Passage): ReadPassage {
  const cached = cache.get(passage);
  if (cached) return cached;
  const title = baseTitle(passage.title.slice(0, mostTitle));
  const text = passage.text.slice(0, mostCharacters);
  const headings = passage.place?.headings ?? [];
  const titleKeys = new Set(contentKeys(title));
  const read: ReadPassage = {
    passage,
    title,
    titleKeys,
    subjects: subjectsOf(title),
    keys: new Set([...titleKeys, ...headings.flatMap(contentKeys), ...contentKeys(text)]),
    folded: text.toLowerCase(),
    sentences: splitSentences(text).map(readSentence),
  };
  cache.set(passage, read);
  return read;
}

function readSentence(sentence: Sentence): ReadSentence {
  // A link's target says nothing; blanks keep every range as it is.
  const shown = sentence.text.replace(/(?<=\])\([^()\s]{1,400}\)/gu, (target) => " ".repeat(target.length));
  const found = words(shown);
  return { ...sentence, words: found, keys: new Set(found.map((word) => word.key)), names: names(sentence.text) };
}

function subjectsOf(title: string): Subject[] {
  return title
    .split(" › ")
    .map((text) => ({ text, folded: text.toLowerCase(), keys: contentKeys(text) }))
    .filter(({ keys }) => keys.length > 0);
}

export function baseTitle(title: string): string {
  return title.replace(/\s*\([^)]*\)\s*$/u, "");
}
