import type { AnswerCandidate, AnswerChain } from "./answer-chain.ts";
import { type AnswerType, askedProperty, expectedAnswer } from "./expected-answer.ts";
import type { Question } from "./question.ts";

/** Tuned on the sample handbook's answerable and unanswerable questions. */
const enough = {
  coverage: 0.45,
  both: 0.78,
  match: 0.3,
  names: 0.5,
  property: 0.5,
  wholeName: 0.66,
  common: 0.45,
  commonAlone: 0.55,
  around: 0.5,
};

/** Answers that explain: what they are about is said once and then spoken of over several sentences. */
const explained: ReadonlySet<AnswerType> = new Set(["instruction", "reason", "yes-no", "definition"]);

/** Why a chain is no answer; undefined when it is one. */
export function weakness(question: Question, chain: AnswerChain): string | undefined {
  const said = new Set(chain.links.flatMap(({ sentence, above }) => [...sentence.keys, ...above]));
  const read = new Set(chain.links.flatMap((link) => [...link.read.keys]));
  const strong = question.terms.filter(({ weight }) => weight > 1);
  const unnamed = strong.filter(({ key }) => !read.has(key));
  // A's code or year that is not there is another thing's answer, however well the rest fits.
  if (unnamed.some(({ key }) => /\d/u.test(key)) || unnamed.length > strong.length * (1 - enough.names)) {
    return `Nothing that fits speaks of ${quote(unnamed)}.`;
  }
  if (chain.match < enough.match) return "No sentence holds the kind of thing that is asked for.";
  const split = question.names.find(
    (name) =>
      name.mark === "capitals" && name.keys.length > 1 && !chain.links.some((link) => holdsName(link, name.keys)),
  );
  if (split) return `Nothing that fits speaks of “${split.text}”.`;
  const expected = expectedAnswer(question);
  const common = question.terms.filter(({ key, weight }) => weight === 1 && !expected.implied.has(key));
  const around = explained.has(expected.type) ? enough.around : 0;
  const heldShare = (key: string): number =>
    Math.max(read.has(key) ? around : 0, ...chain.links.map((link) => link.held.get(key) ?? 0));
  const held = common.reduce((sum, { key }) => sum + heldShare(key), 0);
  if (held < common.length * (chain.links.length === 1 ? enough.commonAlone : enough.common)) {
    return `Nothing that fits speaks of ${quote(common.filter(({ key }) => !said.has(key)))}.`;
  }
  const property = askedProperty(question);
  const spoken = property.filter((key) => said.has(key)).length;
  if (chain.links.length === 1 && spoken < property.length * enough.property) {
    return `Nothing that fits speaks of ${quote(question.terms.filter(({ key }) => property.includes(key)))}.`;
  }
  const terms = question.terms.filter(({ key }) => !expected.implied.has(key));
  const all = terms.reduce((sum, { weight }) => sum + weight, 0);
  const wide =
    around === 0 ? 0 : terms.reduce((sum, { key, weight }) => sum + weight * heldShare(key), 0) / Math.max(1, all);
  const coverage = Math.max(chain.coverage, wide);
  if (coverage < enough.coverage || coverage + 0.3 * chain.match < enough.both) {
    return `Nothing that fits speaks of ${quote(question.terms.filter(({ key }) => !said.has(key)))}.`;
  }
  return undefined;
}

function holdsName({ sentence, above }: AnswerCandidate, keys: readonly string[]): boolean {
  return keys.filter((key) => sentence.keys.has(key) || above.has(key)).length >= enough.wholeName * keys.length;
}

function quote(terms: readonly { text: string }[]): string {
  return (
    terms
      .slice(0, 4)
      .map(({ text }) => `“${text}”`)
      .join(", ") || "all that is asked"
  );
}
