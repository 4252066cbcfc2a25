import type { Reward, RewardComponent, Violation } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { answerMetrics } from "../evaluation/answer-metrics.ts";
import type { AnswerTerms, GradedTerms, RewardProfile, RuleComponent } from "./reward-profile.ts";
import { rules } from "./rules.ts";
import { type ReadAnswer, type ScoredText, endOf, scoredText, taggedAnswer } from "./scored-text.ts";
import { formFault, goldRetrieved, lastAnswerBlock } from "./search-r1-form.ts";

/** The parts of a trajectory that rewards are made of. */
export type Scorable = Pick<Trajectory, "text" | "segments" | "answer">;

/**
 * The reward of one trajectory as named components; `total` is the sum of value × weight in their order. A question without
 * gold answers has no answer component: its total is that of the form alone.
 */
export function scoreTrajectory(trajectory: Scorable, profile: RewardProfile, golds: readonly string[]): Reward {
  const scored = scoredText(trajectory, profile);
  const answer = readAnswer(trajectory, scored, profile);
  const components: RewardComponent[] = [];
  const right =
    profile.answer && golds.length > 0 ? answerComponent(answer, profile.answer, profile, golds, scored) : undefined;
  if (right) components.push(right);
  for (const terms of profile.components) components.push(ruleComponent(terms, scored, answer));
  if (profile.graded) {
    const correct = right !== undefined && right.value === profile.answer!.right;
    components.push(...gradedComponents(profile.graded, scored, answer, correct, golds));
  }
  return withTotal(profile.name, components);
}

/** A reward whose total is the weighted sum of its components. */
export function withTotal(profile: string, components: RewardComponent[]): Reward {
  return { profile, total: components.reduce((sum, { value, weight }) => sum + value * weight, 0), components };
}

/** The answer that the profile compares with the gold answers; undefined where it can read none. */
export function readAnswer(trajectory: Scorable, scored: ScoredText, profile: RewardProfile): ReadAnswer | undefined {
  if (profile.scope === "record") return recordedAnswer(trajectory);
  if (profile.promptAnswers !== undefined) return lastAnswerBlock(scored, profile.promptAnswers);
  return taggedAnswer(scored);
}

function recordedAnswer({ text, segments, answer }: Scorable): ReadAnswer | undefined {
  const segment = segments.findLast(({ kind, origin }) => kind === "answer" && origin === "policy");
  const range = segment ? { start: segment.start, end: segment.end } : { start: text.length, end: text.length };
  if (answer) return { ...range, text: answer.text };
  const read = segment && taggedAnswer({ text, spans: [range], segments, hasPrompt: false, scope: "record" });
  return read || undefined;
}

function answerComponent(
  answer: ReadAnswer | undefined,
  terms: AnswerTerms,
  profile: RewardProfile,
  golds: readonly string[],
  scored: ScoredText,
): RewardComponent {
  const violation = (rule: string, value: number, span: { start: number; end: number }, message: string): Violation[] =>
    value === terms.right ? [] : [{ rule, points: value - terms.right, start: span.start, end: span.end, message }];
  if (!answer) {
    const violations = violation(
      "answer-missing",
      terms.missing,
      endOf(scored),
      "No answer can be read from the tags.",
    );
    return { name: "answer", value: terms.missing, weight: 1, violations };
  }
  const metrics = answerMetrics(answer.text, golds, profile.normaliser);
  const measured = terms.metric === "cem" ? metrics.cem1 : metrics[terms.metric];
  const value = terms.metric === "f1" ? measured : measured === 1 ? terms.right : terms.wrong;
  const sentence = {
    f1: `The answer's words agree with the gold answer to ${(100 * measured).toFixed(1)} % (F1).`,
    em: "The answer is not one of the gold answers.",
    cem: "The answer does not hold every word of a gold answer.",
  }[terms.metric];
  return { name: "answer", value, weight: 1, violations: violation("answer-differs", value, answer, sentence) };
}

/** The points are lost once, to the first broken rule; every further fault is listed at no cost. */
function ruleComponent(terms: RuleComponent, scored: ScoredText, answer: ReadAnswer | undefined): RewardComponent {
  const faults = terms.rules.flatMap((rule) => rules[rule](scored, answer).map((fault) => ({ rule, ...fault })));
  const lost = terms.failed - terms.passed;
  return {
    name: terms.name,
    value: faults.length === 0 ? terms.passed : terms.failed,
    weight: 1,
    violations: faults.map(({ rule, start, end, message }, index) => ({
      rule,
      points: index === 0 ? lost : 0,
      start,
      end,
      message,
    })),
  };
}

function gradedComponents(
  graded: GradedTerms,
  scored: ScoredText,
  answer: ReadAnswer | undefined,
  correct: boolean,
  golds: readonly string[],
): RewardComponent[] {
  const fault = formFault(scored);
  const best = correct ? 0 : graded.structure;
  const value = fault === undefined ? best : correct ? -graded.structure : answer ? graded.final : 0;
  const violations = fault
    ? [{ rule: "tag-sequence", points: value - best, start: fault.start, end: fault.end, message: fault.message }]
    : [];
  const format: RewardComponent = { name: "format", value, weight: 1, violations };
  if (graded.retrieval === 0) return [format];
  const found = !correct && fault === undefined && goldRetrieved(scored, golds);
  return [format, { name: "retrieval", value: found ? graded.retrieval : 0, weight: 1, violations: [] }];
}
