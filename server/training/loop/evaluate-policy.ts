import { mean } from "simple-statistics";
import type { Recipe } from "../../../protocol/recipe.ts";
import type { RunMetrics, RunQuestionScores } from "../../../protocol/run.ts";
import { answerMetrics } from "../../evaluation/answer-metrics.ts";
import { answerText } from "../../rollout/answer-text.ts";
import type { Policy } from "../../models/policy.ts";
import { hasValidFormat, rolloutNumbers } from "./iteration-metrics.ts";
import type { TrainingParts } from "./host.ts";
import { type Group, rollGroups, scoreGroups } from "./sample-groups.ts";

/**
 * One rollout of each evaluation question, with the same seeds at every evaluation, so that two of them compare question by question.
 * Answers the rollouts' numbers with the means of em, f1 and cem, each 0 to 1, and the one that the recipe calls best as `score`.
 */
export async function evaluatePolicy(
  { recipe, profile, retriever, evaluation }: TrainingParts,
  policy: Policy,
  signal: AbortSignal,
): Promise<{ groups: Group[]; metrics: RunMetrics; questions: RunQuestionScores }> {
  const { temperature, metric } = recipe.evaluation!;
  const asked = { ...profile, sampling: { ...profile.sampling, temperature } };
  const groups = await rollGroups(
    evaluation,
    1,
    { policy, profile: asked, retriever },
    [recipe.seed, evaluationSeed],
    signal,
    () => {},
  );
  scoreGroups(groups, rewardOf(recipe));
  const scores = groups.map(({ question, trajectories: [trajectory] }) =>
    answerMetrics(answerText(trajectory!, profile), question.golds, profile.normaliser),
  );
  const metrics: RunMetrics = {
    ...rolloutNumbers(groups),
    em: mean(scores.map(({ em }) => em)),
    f1: mean(scores.map(({ f1 }) => f1)),
    cem: mean(scores.map(({ cem1 }) => cem1)),
  };
  return {
    groups,
    metrics: { ...metrics, score: metric === "reward" ? metrics["reward"]! : metrics[metric]! },
    questions: {
      ids: groups.map(({ question }) => question.id),
      f1: scores.map(({ f1 }) => f1),
      em: scores.map(({ em }) => em),
      form: groups.map(({ trajectories: [trajectory] }) => Number(hasValidFormat(trajectory!))),
      searches: groups.map(({ trajectories: [trajectory] }) => trajectory!.searches.length),
    },
  };
}

/** Keeps the seeds of evaluation apart from those of every iteration. */
const evaluationSeed = -1;

/** What evaluation rewards by: the last stage's reward, since that is what the run is after. */
function rewardOf({ stages }: Recipe): Parameters<typeof scoreGroups>[1] {
  return stages.at(-1) ?? { reward: "paper-stage2", terms: { redundancy: 0, evidence: 0, refine: 0, efficiency: 0 } };
}
