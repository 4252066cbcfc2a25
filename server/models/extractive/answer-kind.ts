import { isFunctionWord } from "../../language/words.ts";
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

/** True when a sentence holds something of the kind the question asks for that is not already in the question. */
export function answersKind(question: Question, sentence: ReadSentence): boolean {
  const text = sentence.text;
  switch (question.kind) {
    case "when":
      return freshMatch(datePattern, question, text);
    case "how-many":
      return freshMatch(quantityPattern, question, text);
    case "who":
    case "where":
    case "choice":
      return sentence.names.some((name) => name.keys.some((key) => !question.keys.has(key)));
    case "why":
      return /\b(?:because|since|so that|in order to|due to|therefore|reason|caused?|prevents?|avoids?|ensures?|to (?:keep|protect|reduce|make sure))\b/iu.test(text);
    case "how-to":
      return (
        sentence.kind === "item" ||
        sentence.kind === "code" ||
        /`[^`]+`/u.test(text) ||
        /^(?:to |use |run |set |add |create |open |press |turn |click |choose |select |if you |you can |make sure )/iu.test(text)
      );
    case "yes-no":
      return /\b(?:can|cannot|must|only|never|always|not|no|yes|supports?|allowed|required?)\b/iu.test(text);
    case "what":
      return sentence.words.some((word) => !isFunctionWord(word.text) && !question.keys.has(word.key)) && /\b(?:is|are|was|were|means?|called|named|known)\b/iu.test(text);
  }
}

function freshMatch(pattern: RegExp, question: Question, text: string): boolean {
  return [...text.matchAll(new RegExp(pattern.source, "gu"))].some(([match]) => !question.text.includes(match));
}
