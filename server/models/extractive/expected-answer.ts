import { contentKeys, wordKey } from "../../language/words.ts";
import type { Question } from "./question.ts";

export type AnswerType =
  | "person"
  | "place"
  | "name"
  | "date"
  | "quantity"
  | "code"
  | "reason"
  | "instruction"
  | "yes-no"
  | "choice"
  | "definition";

/** What an answer to a question looks like. */
export interface ExpectedAnswer {
  readonly type: AnswerType;
  /** Key of the noun that says what kind of thing is asked for (`which firm`, `how many plates`). */
  readonly head?: string;
  /** Units that the answer is measured in, where the question says so. */
  readonly unit?: RegExp;
  /** Words of the question that an answer need not repeat: "which firm …" is answered by a name. */
  readonly implied: ReadonlySet<string>;
}

const keysOf = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/u).map(wordKey));
const datedHeads = keysOf("year date day month century decade weekday night evening");
const codedHeads = keysOf("number extension code slot room page telephone phone id version port command");
const measuredHeads = keysOf(
  "temperature humidity speed weight height mass size price cost percentage score age diameter width length depth distance population amount power area volume rate limit throughput duration frequency salary fee noise",
);
const placeHeads = keysOf(
  "city town country state place village county province location region continent building street",
);
const personHeads = keysOf(
  "person man woman actor actress author writer singer president king queen director keeper scientist assistant member child son daughter brother sister teacher student founder",
);

const length = /metre|meter|mile|\b(?:km|cm|mm|m|ft|feet|foot|inch|inches|yards?|light[- ]years?)\b|°|arc/iu;
const duration = /second|minute|hour|day|night|week|month|year|decade|centur|semester/iu;
const dimensions: readonly [RegExp, RegExp][] = [
  [/\bhow (?:heavy)\b|\bhow much\b.*\bweigh/iu, /gram|kilogram|tonne|\bton|pound|\b(?:kg|g|t|lbs?)\b/iu],
  [/\bhow (?:tall|high|far|deep|wide|big|large)\b/iu, length],
  [/\bhow long\b/iu, new RegExp(`${length.source}|${duration.source}`, "iu")],
  [/\bhow old\b/iu, /year|month|\baged?\b/iu],
  [/\bhow often\b/iu, /every|each|once|twice|times|daily|weekly|monthly|yearly|\bper\b/iu],
  [
    /\bhow much\b.*\b(?:cost|costs|pay|paid|price|charge|charged|earn|worth|spend)\b/iu,
    /[$€£¥]|dollar|euro|pound|crown|krone|franc|mark|cent\b|free/iu,
  ],
  [/\bhow hot\b|\bhow cold\b|\b(?:what|which) temperature\b/iu, /°|degree|kelvin|celsius|fahrenheit/iu],
  [/\bhow fast\b/iu, /per|a second|an hour|km\/h|mph|m\/s|knots/iu],
  [/\b(?:what|which) percentage\b/iu, /%|per ?cent/iu],
];

const auxiliary = "is|are|was|were|be|does|did|do|has|have|had|can|could|will|would|should|must|may|might";
const auxiliaries = new RegExp(`^(?:${auxiliary})$`, "iu");
const boundary = new RegExp(
  `^(?:${auxiliary}|of|in|on|at|for|from|to|by|with|after|before|that|who|which|the|a|an|every|each|all|i|we|you|he|she|it|they)$`,
  "iu",
);

export function expectedAnswer(question: Question): ExpectedAnswer {
  const text = question.text;
  const head = headNoun(text);
  const key = head === undefined ? undefined : wordKey(head);
  const unit = dimensions.find(([asked]) => asked.test(text))?.[1];
  const implied = new Set(key === undefined || question.names.some((name) => name.keys.includes(key)) ? [] : [key]);
  for (const match of text.matchAll(
    /\bhow (heavy|tall|high|far|deep|wide|big|large|long|old|often|hot|cold|fast)\b/giu,
  ))
    implied.add(wordKey(match[1]!));
  const found = (type: AnswerType): ExpectedAnswer => ({
    type,
    implied,
    ...(key === undefined ? {} : { head: key }),
    ...(unit ? { unit } : {}),
  });
  const isOne = (heads: ReadonlySet<string>): boolean => key !== undefined && heads.has(key);
  switch (question.kind) {
    case "when":
      return found("date");
    case "how-many":
      return found("quantity");
    case "who":
      return found("person");
    case "where":
      return found("place");
    case "why":
      return found("reason");
    case "how-to":
      return found("instruction");
    case "yes-no":
      return found("yes-no");
    case "choice":
      return found("choice");
    case "what":
      if (isOne(datedHeads)) return found("date");
      if (isOne(codedHeads)) return found("code");
      if (isOne(measuredHeads) || unit) return found("quantity");
      if (isOne(placeHeads)) return found("place");
      if (isOne(personHeads)) return found("person");
      return found(key === undefined ? "definition" : "name");
  }
}

/** The noun after `which`, `what` or `how many`: `instrument` in "Which musical instrument does …". */
function headNoun(text: string): string | undefined {
  const after = /\b(?:which|what|how many|how much)\s+(?:of\s+(?:the|our|these|those|their|its)\s+)?(.*)$/iu.exec(
    text,
  )?.[1];
  if (after === undefined) return undefined;
  const next = after.split(/[\s,?]+/u).slice(0, 5);
  const end = next.findIndex((word) => boundary.test(word));
  if (end === 0) return askedPropertyText(text)?.split(" ").at(-1);
  // Where a verb of the sentence follows at once ("which firm made the …") only the first word is surely the noun.
  const noun = end > 0 && auxiliaries.test(next[end]!) ? next[end - 1] : next[0];
  return noun && /^[\p{L}-]{3,}$/u.test(noun) ? noun : undefined;
}

/** "What is the salary of …": what is asked for is a salary. Unlike other heads it has to be spoken of. */
function askedPropertyText(text: string): string | undefined {
  return /\bwhat (?:is|was|are|were) (?:the|its|their|his|her) ((?:[\p{L}-]+ ){1,3}?)(?:of|in|at|for|over)\b/iu
    .exec(text)?.[1]
    ?.trim();
}

/** Keys of the property that a "What is the X of Y" question asks for; none for other questions. */
export function askedProperty(question: Question): string[] {
  return contentKeys(askedPropertyText(question.text) ?? "");
}
