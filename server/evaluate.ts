import { ulid } from "ulid";
import { type Answer, notInDocuments } from "../protocol/answer.ts";
import type { Trajectory } from "../protocol/trajectory.ts";
import { composeAnswer } from "./answers/compose.ts";
import type { EvaluationQuestion } from "./evaluation/data-sets/question.ts";
import { type AskOnce, judgeAnswer } from "./evaluation/judge.ts";
import { normalisers } from "./evaluation/normalise-answer.ts";
import { type EvaluationRow, type JudgeOutcome, evaluationRow, hasFailed } from "./evaluation/runs/row.ts";
import type { RunFolder } from "./evaluation/runs/run-folder.ts";
import type { Folder } from "./home.ts";
import { type Policy, PolicyError } from "./models/policy.ts";
import { seeded } from "./models/seeded.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import type { RewardProfile } from "./rewards/reward-profile.ts";
import { answerText } from "./rollout/answer-text.ts";
import type { Profile } from "./rollout/profile.ts";
import { runRollout } from "./rollout/rollout.ts";

export interface EvaluationRequest {
  questions: readonly EvaluationQuestion[];
  profile: Profile;
  policy: Policy;
  retriever: Retriever;
  /** Folders behind the retriever, for citations. */
  folders: readonly Folder[];
  reward: RewardProfile;
  judge?: AskOnce;
  /** Sent to the policy with every request. */
  seed: number;
  /** Rollouts that run at the same time. */
  concurrency: number;
}

export interface EvaluationWatch {
  signal: AbortSignal;
  /** Called after the row is on disk. */
  onRow(row: EvaluationRow): void;
}

/** How an evaluation ended. A stopped one goes on where it is when it is started again. */
export type EvaluationEnd = { kind: "done" } | { kind: "cancelled" } | { kind: "failing"; detail: string };

/** So many failures one after another mean that the policy or the retrieval server is gone, not that questions are hard. */
const mostFailures = 5;

/**
 * Asks every question that has no row yet and appends its row. Never asks a question whose row is on disk; one that was being
 * answered when the process died is asked again. A failing policy or retriever is recorded in its row.
 */
export async function evaluate(
  request: EvaluationRequest,
  folder: RunFolder,
  watch: EvaluationWatch,
): Promise<EvaluationEnd> {
  const queue = request.questions.filter(({ id }) => !folder.isDone(id)).values();
  const stop = new AbortController();
  const signal = AbortSignal.any([watch.signal, stop.signal]);
  let failures = 0;
  let detail = "";
  const work = async (): Promise<void> => {
    try {
      await workOff();
    } catch (error) {
      // One worker's end by an error is the end of all: what they would still answer could not be kept.
      stop.abort();
      throw error;
    }
  };
  const workOff = async (): Promise<void> => {
    for (const question of queue) {
      if (signal.aborted) return;
      const finished = await askQuestion(question, request, signal);
      if (!finished) return;
      const { row, trajectory } = finished;
      folder.append(row, trajectory);
      watch.onRow(row);
      failures = hasFailed(row) ? failures + 1 : 0;
      if (failures < mostFailures) continue;
      detail = row.stop.detail ?? row.stop.reason;
      stop.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, request.concurrency) }, work));
  if (watch.signal.aborted) return { kind: "cancelled" };
  return stop.signal.aborted ? { kind: "failing", detail } : { kind: "done" };
}

/** One question to its row; undefined where it was cancelled on the way. */
async function askQuestion(
  question: EvaluationQuestion,
  request: EvaluationRequest,
  signal: AbortSignal,
): Promise<{ row: EvaluationRow; trajectory: Trajectory } | undefined> {
  const { profile, policy, retriever, reward, seed } = request;
  const golds = question.golds.length > 0 ? { golds: question.golds } : {};
  const rolled = await runRollout(
    { id: ulid(), question: question.question, ...golds, profile, policy: seeded(policy, seed), retriever },
    { signal, onEvent: () => undefined },
  );
  if (signal.aborted) return undefined;
  const answer = await answerOf(rolled, profile, request.folders);
  const answered: Trajectory = { ...rolled, sampling: { ...rolled.sampling, seed }, ...(answer ? { answer } : {}) };
  const row = evaluationRow(question, answered, { normaliser: profile.normaliser, reward });
  const judge = request.judge && (await judged(request.judge, row, signal));
  if (signal.aborted) return undefined;
  return { row: judge ? { ...row, judge } : row, trajectory: { ...answered, reward: row.reward } };
}

/** An answer in sentences is checked against what was read; a short one stands as it is. */
async function answerOf(
  trajectory: Trajectory,
  profile: Profile,
  folders: readonly Folder[],
): Promise<Answer | undefined> {
  if (trajectory.stop?.reason === "policy-error" || trajectory.stop?.reason === "retrieval-error") return undefined;
  const text = answerText(trajectory, profile);
  if (text === undefined) return undefined;
  if (profile.insertion.numbering === "running") return composeAnswer(trajectory, profile, folders);
  return { text, abstained: isAbstention(text), sentences: [], citations: [], nearest: [] };
}

const abstentions = new Set(
  [notInDocuments, "I don't know.", "I do not know."].map(normalisers["punctuation-to-space"]),
);

function isAbstention(text: string): boolean {
  return abstentions.has(normalisers["punctuation-to-space"](text));
}

/** Nothing is asked where there is nothing to compare; a judge that fails leaves its reason and ends nothing. */
async function judged(ask: AskOnce, row: EvaluationRow, signal: AbortSignal): Promise<JudgeOutcome | undefined> {
  if (row.golds.length === 0) return undefined;
  if (row.answer === null) return { verdict: "false" };
  try {
    const answer = { question: row.question, gold: row.golds.join(" / "), prediction: row.answer };
    return { verdict: await judgeAnswer(ask, answer, signal) };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { verdict: "unclear", error: error.message };
  }
}
