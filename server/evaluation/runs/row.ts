import { z } from "zod";
import { Reward } from "../../../protocol/reward.ts";
import { StopReason, type Trajectory } from "../../../protocol/trajectory.ts";
import { type RewardProfile } from "../../rewards/reward-profile.ts";
import { scoreGroup } from "../../rewards/optional-terms.ts";
import { answerMetrics } from "../answer-metrics.ts";
import type { EvaluationQuestion } from "../data-sets/question.ts";
import type { NormaliserName } from "../normalise-answer.ts";
import { rolloutMetrics } from "../rollout-metrics.ts";
import { RetrievalScore, retrievalScore } from "../retrieval-score.ts";

const Count = z.int().min(0);

const Answered = z.object({
  em: z.number(),
  f1: z.number(),
  precision: z.number(),
  recall: z.number(),
  cem1: z.number(),
  cem2: z.number(),
});

const Rollout = z.object({
  searches: Count,
  turns: Count,
  policyTokens: Count.nullable(),
  seconds: z.number(),
  searchSeconds: z.number(),
  cacheHits: Count,
  failedSearches: Count,
  documents: Count,
  repeatedQueries: Count,
  repeatedDocuments: Count,
  searchesWithoutNews: Count,
  environmentShare: z.number(),
  evidenceReached: z.boolean().nullable(),
});

/** What a judge said; `unclear` also where it failed, with the reason. */
export const JudgeOutcome = z.object({ verdict: z.enum(["true", "false", "unclear"]), error: z.string().optional() });
export type JudgeOutcome = z.infer<typeof JudgeOutcome>;

/** One question of a run, measured. One line of `rows.jsonl`. */
export const EvaluationRow = z.object({
  id: z.string(),
  question: z.string(),
  golds: z.array(z.string()),
  answerable: z.boolean(),
  type: z.string().optional(),
  /** Null where the policy gave none. */
  answer: z.string().nullable(),
  /** The answer is that the documents hold none. */
  abstained: z.boolean(),
  stop: z.object({ reason: StopReason, detail: z.string().optional() }),
  /** Null for a question without gold answers. */
  metrics: Answered.nullable(),
  rollout: Rollout,
  /** Null where the reward profile has no rule about form. */
  validFormat: z.boolean().nullable(),
  reward: Reward,
  /** Null where the set does not say what proves the answer. */
  retrieval: RetrievalScore.nullable(),
  judge: JudgeOutcome.optional(),
  /** Id of its trajectory in `trajectories.jsonl`. */
  trajectory: z.string(),
});
export type EvaluationRow = z.infer<typeof EvaluationRow>;

/** Why a rollout says nothing of the policy: what it leans on failed. Such a question is asked again when the run goes on. */
export function hasFailed({ stop }: Pick<EvaluationRow, "stop">): boolean {
  return stop.reason === "policy-error" || stop.reason === "retrieval-error";
}

export interface RowTerms {
  normaliser: NormaliserName;
  reward: RewardProfile;
}

/** Measures one finished rollout; its answer is read from the record. */
export function evaluationRow(question: EvaluationQuestion, trajectory: Trajectory, terms: RowTerms): EvaluationRow {
  const { golds } = question;
  const reward = scoreGroup([trajectory], terms.reward, golds)[0]!;
  const form = reward.components.filter(({ name }) => name === "format");
  const text = trajectory.answer?.text;
  return {
    id: question.id,
    question: question.question,
    golds,
    answerable: question.answerable,
    ...(question.type === undefined ? {} : { type: question.type }),
    answer: text ?? null,
    abstained: trajectory.answer?.abstained ?? false,
    stop: trajectory.stop ?? { reason: "interrupted" },
    metrics: golds.length > 0 ? answerMetrics(text, golds, terms.normaliser) : null,
    rollout: rolloutMetrics(trajectory, golds),
    validFormat: form.length === 0 ? null : form.every(({ violations }) => violations.length === 0),
    reward,
    retrieval: retrievalScore(trajectory.searches, question.supports) ?? null,
    trajectory: trajectory.id,
  };
}
