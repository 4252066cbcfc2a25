import type { NormaliserName } from "../evaluation/normalise-answer.ts";

/** What an answer is compared by. `cem` is cover by words, the paper's ACC_R. */
export type AnswerMetric = "f1" | "em" | "cem";
export const answerMetricNames: readonly AnswerMetric[] = ["f1", "em", "cem"];

/** Where a profile's rules look and its answer is read. */
export type RuleScope =
  /** Everything after the prompt, retrieved documents included, as the released reward servers do. */
  | "response"
  /** The policy's own text. What the environment inserted can cost nothing. */
  | "policy"
  /** The answer that the record holds, for formats without answer tags; rules look at the policy's text. */
  | "record";

export interface AnswerTerms {
  metric: AnswerMetric;
  /** Value of a right answer; f1 gives its own value from 0 to 1. */
  right: number;
  wrong: number;
  /** Value where no answer can be read. */
  missing: number;
}

/** A component that has one of two values: `passed` when none of its rules is broken. */
export interface RuleComponent {
  name: "format" | "retrieval";
  passed: number;
  failed: number;
  /** In this order; the first that is broken carries the points, since they are lost once. */
  rules: readonly RuleName[];
}

export type RuleName =
  | "tag-counts"
  | "searched"
  | "assistant-word"
  | "think-tags"
  | "answer-tags"
  | "tags-in-answer"
  | "answer-words"
  | "chinese"
  | "unreadable"
  | "query-tags"
  | "forged-documents";

/** Search-R1's `qa_em_format.py`: the answer's worth depends on the form, and the form's on the answer. */
export interface GradedTerms {
  /** A valid form with a wrong answer or none; also what an invalid form takes from a right answer. */
  structure: number;
  /** An answer that is wrong, in an invalid form. */
  final: number;
  /** Added for a valid form with a wrong answer when a gold answer stands in a retrieved block. */
  retrieval: number;
}

/** One way to reward a rollout: data that `scoreTrajectory` reads. */
export interface RewardProfile {
  name: string;
  about: string;
  normaliser: NormaliserName;
  scope: RuleScope;
  /** The released Qwen server looks only at what follows the last of these. */
  responseMarker?: string;
  answer?: AnswerTerms;
  components: readonly RuleComponent[];
  graded?: GradedTerms;
  /** Answers that stand in the prompt as an example; so many answer tags are passed over where the text holds the prompt. */
  promptAnswers?: number;
}

/** The same profile with another answer metric. An answer compared as right or wrong costs a point when wrong, as in the paper's equation 5. */
export function withAnswerMetric(profile: RewardProfile, metric: AnswerMetric): RewardProfile {
  const { answer } = profile;
  if (!answer || answer.metric === metric) return profile;
  const name = `${profile.name}+${metric}`;
  if (metric === "f1") return { ...profile, name, answer: { metric, right: 1, wrong: 0, missing: 0 } };
  const wrong = profile.graded || profile.promptAnswers !== undefined ? 0 : -1;
  return { ...profile, name, answer: { metric, right: 1, wrong, missing: wrong } };
}
