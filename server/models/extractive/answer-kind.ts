import type { Name } from "../../language/names.ts";
import { isFunctionWord, wordKey } from "../../language/words.ts";
import { headKey } from "./answer-chain.ts";
import type { Question } from "./question.ts";
import type { ReadSentence } from "./read-passage.ts";

const month = "(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)";
const number = "(?:\\d[\\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|thousand|million)";

/** Dates and times, longest form first. */
export const datePattern = new RegExp(
  `\\b(?:\\d{1,2} ${month}\\.? \\d{4}|${month}\\.? \\d{1,2}, \\d{4}|${month}\\.? \\d{4}|\\d{4}-\\d{2}-\\d{2}|\\d{1,2} ${month}|${month} \\d{1,2}|\\d{1,2}:\\d{2}(?: ?[ap]\\.?m\\.?)?|(?:1[0-9]|20)\\d{2}s?|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\\b`,
  "u",
);
/** A number with the word it counts or measures. */
export const quantityPattern = new RegExp(`(?<![\\p{L}\\d])${number}(?:[  -]?(?:%|°C?|[\\p{L}]+))?`, "u");

/** Words that tell a place, a thing or an institution from a person, where both are written with capitals. */
const things = new Set(
  `telescope dome observatory institute institution laboratory lab college university school academy polytechnic works club society trust firm company
  department office room house hall hut building tower station road street river lake mountain valley bay city town village island north south east west
  committee council union army navy press museum library church bridge camera instrument detector mirror filter valve alarm system project program
  prize award medal series war battle cup league championship airport hospital bank party group band album film book`
    .split(/\s+/)
    .map(wordKey),
);
const personTitle = /\b(?:Dr|Prof|Professor|Mr|Mrs|Ms|Miss|Sir|Dame|Captain|Father|Sister)\b\.?/u;
/** Nouns whose answer is a number or a code. */
const counted = new Set("number extension room slot code year page telephone phone temperature speed weight height mass size price cost percentage score age".split(" ").map(wordKey));

/**
 * How well a sentence holds something of the kind the question asks for that is not known yet, 0 to 1. `known` are keys of
 * the question and of what led to the sentence; what stands above it may name the answer's subject but is not the answer.
 */
export function answerMatch(question: Question, sentence: ReadSentence, known: ReadonlySet<string>, above: ReadonlySet<string>): number {
  const text = sentence.text;
  const head = headKey(question);
  const fresh = sentence.names.filter((name) => name.keys.some((key) => !known.has(key)));
  const typed = head !== undefined && sentence.keys.has(head) ? 0.35 : 0;
  switch (question.kind) {
    case "when":
      return freshMatch(datePattern, question, text) ? 1 : 0;
    case "how-many":
      return freshMatch(quantityPattern, question, text) ? 1 : 0;
    case "who":
      if (fresh.some(isPerson)) return 1;
      return fresh.length > 0 ? 0.45 : 0;
    case "where":
      return fresh.some((name) => !isPerson(name)) ? 1 : fresh.length > 0 ? 0.4 : 0;
    case "choice":
      return sentence.names.some((name) => name.keys.every((key) => question.keys.has(key))) ? 0.7 : 0;
    case "why":
      return /\b(?:because|since|so that|in order to|due to|therefore|reason|caused?|prevents?|avoids?|ensures?|to (?:keep|protect|reduce|make sure))\b/iu.test(text) ? 1 : 0;
    case "how-to":
      return isInstruction(sentence) ? 1 : 0.2;
    case "yes-no":
      return /\b(?:can|cannot|must|only|never|always|not|no|yes|supports?|allowed|required?)\b/iu.test(text) ? 0.8 : 0.3;
    case "what":
      if (head !== undefined && counted.has(head)) return (/\d/u.test(freshNumbers(question, text)) ? 0.75 : 0) + (typed > 0 ? 0.25 : 0);
      if (head !== undefined) return Math.min(1, (fresh.length > 0 ? 0.65 : 0.25) + typed);
      return definitionMatch(question, sentence, above);
  }
}

/** "What is X?": a sentence that says what X is; "What is the Y of X?": one that gives Y a value. */
function definitionMatch(question: Question, sentence: ReadSentence, above: ReadonlySet<string>): number {
  const says = /\b(?:is|are|was|were|means?|called|named|known)\b|^\*\*[^*]+\*\*\s*[:–—-]|:\s/u.test(sentence.text);
  const told = sentence.words.some((word) => !isFunctionWord(word.text) && !question.keys.has(word.key) && !above.has(word.key));
  return says && told ? 0.8 : told ? 0.4 : 0;
}

function isInstruction({ kind, text }: ReadSentence): boolean {
  return (
    kind === "item" ||
    kind === "code" ||
    /`[^`]+`/u.test(text) ||
    /^(?:to |use |run |set |add |create |open |close |press |turn |click |choose |select |type |if you |you can |make sure )/iu.test(text)
  );
}

function isPerson(name: Name): boolean {
  if (name.mark === "code" || name.mark === "quotes" || name.keys.some((key) => things.has(key) || /\d/u.test(key))) return false;
  return personTitle.test(name.text) || name.keys.length === 2 || name.keys.length === 3;
}

function freshNumbers(question: Question, text: string): string {
  return [...text.matchAll(/\p{L}?-?\d[\d.,]*/gu)].map(([match]) => match).filter((match) => !question.text.includes(match)).join(" ");
}

function freshMatch(pattern: RegExp, question: Question, text: string): boolean {
  return [...text.matchAll(new RegExp(pattern.source, "gu"))].some(([match]) => !question.text.includes(match));
}
