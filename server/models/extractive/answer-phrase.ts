import type { Name } from "../../language/names.ts";
import { isFunctionWord, words, wordKey } from "../../language/words.ts";
import type { ExpectedAnswer } from "./expected-answer.ts";
import type { Question } from "./question.ts";
import type { ReadSentence } from "./read-passage.ts";

/** A piece of a sentence that may be the answer. */
export interface AnswerPhrase {
  readonly text: string;
  /** How well it is what the question asks for, 0 to 1. */
  readonly match: number;
}

const month =
  "(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)";
const numeral =
  "(?:\\d[\\d,.]*\\d|\\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million)";

/** Dates and times, longest form first. */
const dates = new RegExp(
  `\\b(?:\\d{1,2} ${month}\\.? \\d{4}|${month}\\.? \\d{1,2}, \\d{4}|${month}\\.? \\d{4}|\\d{4}-\\d{2}-\\d{2}|\\d{1,2} ${month}|${month} \\d{1,2}|\\d{1,2}:\\d{2}(?: ?[ap]\\.?m\\.?)?|(?:1[0-9]|20)\\d{2}s?|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\\b`,
  "gu",
);
/** A number with the words it counts or measures. */
const quantities = new RegExp(
  `(?<![\\p{L}\\p{N}-])[$€£]?${numeral}(?![\\p{N}])(?:[ \\u00a0-]?(?:%|°C?|[\\p{L}]+(?: cent)?))?`,
  "giu",
);
const codes = /`[^`\n]{1,80}`|(?<![\p{L}\p{N}])(?:Room \d+|\p{Lu}{0,5}-?\d[\p{L}\d.,-]*)(?<![.,])/gu;
const placed =
  /\b(?:in|at|under|behind|beside|near|inside|outside|below|above|between|next to|to the (?:left|right) of)\s+(?:the|a|an|its|our)\s+[^,.;:()]{3,80}/giu;
const reasons =
  /\b(?:because(?: of)?|since|so that|in order to|due to|therefore|the reason|caused by|to (?:keep|protect|reduce|prevent|avoid|make sure))\b[^.;]*/iu;
const tells =
  /\b(?:is|are|was|were|means?(?: that)?|called|named|has|have|had|plays?|holds?|says?)\s+|^\*\*[^*]+\*\*\s*[:–—-]\s*|:\s+/u;

/** Words that tell a place, a thing or an institution from a person, where both are written with capitals. */
const things = new Set(
  `telescope dome observatory institute institution laboratory lab college university school academy polytechnic works club society trust firm company
  department office room house hall hut building tower station road street river lake mountain valley bay city town village island north south east west
  committee council union army navy press museum library church bridge camera instrument detector mirror filter valve alarm system project program
  prize award medal series war battle cup league championship airport hospital bank party group band album film book semester`
    .split(/\s+/)
    .map(wordKey),
);
const personTitle = /\b(?:Dr|Prof|Professor|Mr|Mrs|Ms|Miss|Sir|Dame|Captain|Father|Sister)\b\.?/u;

/**
 * The piece of a sentence that answers best. `known` are keys of the question and of what led to the sentence: they
 * cannot be the answer, except where the question offers the answers itself.
 */
export function answerPhrase(
  question: Question,
  expected: ExpectedAnswer,
  sentence: ReadSentence,
  known: ReadonlySet<string>,
): AnswerPhrase {
  const text = sentence.text;
  const typed = expected.head !== undefined && sentence.keys.has(expected.head);
  const fresh = sentence.names.filter((name) => name.keys.some((key) => !known.has(key)));
  switch (expected.type) {
    case "date":
      return first(all(dates, question, text), 1);
    case "quantity":
      return quantityPhrase(question, expected, text, typed);
    case "code": {
      const found = all(codes, question, text).filter((code) => !known.has(wordKey(code)));
      return first(found, typed ? 1 : 0.75);
    }
    case "person": {
      const person = fresh.find((name) => personTitle.test(name.text) && isPerson(name)) ?? fresh.find(isPerson);
      if (person) return { text: person.text, match: 1 };
      return first(
        fresh.filter(({ mark }) => mark !== "code").map(({ text: name }) => name),
        0.45,
      );
    }
    case "place": {
      const place = fresh.find((name) => !isPerson(name) && !isCode(name) && !onlyDate(name.text));
      if (place) return { text: place.text, match: 1 };
      return first(all(placed, question, text), 0.8);
    }
    case "name":
      return namePhrase(expected, sentence, fresh, typed);
    case "choice":
      return first(
        sentence.names.filter((name) => name.keys.every((key) => question.keys.has(key))).map(({ text: name }) => name),
        0.7,
      );
    case "reason":
      return first([reasons.exec(text)?.[0] ?? ""].filter(Boolean), 1);
    case "instruction":
      return { text, match: isInstruction(sentence) ? 1 : 0.2 };
    case "yes-no":
      return {
        text: /\b(?:not|never|cannot|no|without)\b/iu.test(text) ? "no" : "yes",
        match: /\b(?:can|cannot|must|only|never|always|not|no|yes|supports?|allowed|required?)\b/iu.test(text)
          ? 0.8
          : 0.4,
      };
    case "definition": {
      const told = tells.exec(text);
      const says = sentence.words.some((word) => !isFunctionWord(word.text) && !known.has(word.key));
      return {
        text: told ? clause(text.slice(told.index + told[0].length)) : text,
        match: told && says ? 0.8 : says ? 0.4 : 0,
      };
    }
  }
}

function quantityPhrase(question: Question, expected: ExpectedAnswer, text: string, typed: boolean): AnswerPhrase {
  const found = all(quantities, question, text);
  if (expected.unit) {
    const near = found.find((quantity) =>
      expected.unit!.test(text.slice(text.indexOf(quantity), text.indexOf(quantity) + quantity.length + 16)),
    );
    return near
      ? { text: near, match: 1 }
      : first(found.concat(all(/\b(?:free|daily|weekly|monthly|yearly|once|twice)\b/giu, question, text)), 0.2);
  }
  const head = expected.head;
  const counted =
    head === undefined
      ? undefined
      : found.find((quantity) =>
          words(text.slice(text.indexOf(quantity)).slice(0, quantity.length + 40))
            .slice(0, 4)
            .some(({ key }) => key === head),
        );
  if (counted) return { text: counted, match: 1 };
  return first(found, question.kind === "what" ? (typed ? 1 : 0.7) : 0.55);
}

function namePhrase(
  expected: ExpectedAnswer,
  sentence: ReadSentence,
  fresh: readonly Name[],
  typed: boolean,
): AnswerPhrase {
  const usable = fresh.filter((name) => !onlyDate(name.text));
  const own = usable.find((name) => expected.head !== undefined && name.keys.includes(expected.head));
  if (own) return { text: own.text, match: 1 };
  // A firm may be called like a person; a colour or a trade is not.
  const named = expected.head !== undefined && things.has(expected.head);
  const name = usable.find((each) => !isCode(each) && (named ? !personTitle.test(each.text) : !isPerson(each)));
  // "by" marks who or what did it, which is what a question after a firm or an institution is about.
  if (name)
    return {
      text: name.text,
      match: typed ? 1 : named && /\b[Bb]y (?:the )?$/u.test(sentence.text.slice(0, name.start)) ? 0.9 : 0.7,
    };
  // A code is a name of a thing of the kind that the sentence says it is: "the hydrogen filter H6".
  const code = usable.find(isCode);
  if (code) return { text: code.text, match: typed ? 1 : 0.25 };
  const told = tells.exec(sentence.text);
  return {
    text: told ? clause(sentence.text.slice(told.index + told[0].length)) : sentence.text,
    match: told ? (typed ? 0.6 : 0.5) : 0.25,
  };
}

function first(found: readonly string[], match: number): AnswerPhrase {
  return found[0] === undefined ? { text: "", match: 0 } : { text: found[0], match };
}

/** Matches of a pattern that the question does not hold already. */
function all(pattern: RegExp, question: Question, text: string): string[] {
  return [...text.matchAll(pattern)].map(([match]) => match).filter((match) => !question.text.includes(match));
}

function clause(text: string): string {
  return /^[^;:]*?(?=,\s|;|:\s|\.\s|\.$|$)/u.exec(text)?.[0] ?? text;
}

function isInstruction({ kind, text }: ReadSentence): boolean {
  return (
    kind === "item" ||
    kind === "code" ||
    /`[^`]+`/u.test(text) ||
    /^(?:to |use |run |set |add |create |open |close |press |turn |click |choose |select |type |if you |you can |make sure )/iu.test(
      text,
    )
  );
}

function isPerson(name: Name): boolean {
  if (
    name.mark === "code" ||
    name.mark === "quotes" ||
    name.keys.some((key) => things.has(key) || /\d/u.test(key)) ||
    onlyDate(name.text)
  )
    return false;
  return personTitle.test(name.text) || name.keys.length === 2 || name.keys.length === 3;
}

function isCode(name: Name): boolean {
  return name.keys.some((key) => /\d/u.test(key)) || name.mark === "code";
}

function onlyDate(text: string): boolean {
  return text.replaceAll(new RegExp(`${dates.source}|\\b${month}\\b|[\\d\\s,]`, "gu"), "") === "";
}
