import { originCounts } from "../../protocol/masks.ts";
import { rightF1, stripKinds, type TrajectoryRow } from "../../protocol/trajectory-file.ts";
import type { Segment } from "../../protocol/trajectory.ts";
import { answerMetrics } from "../evaluation/answer-metrics.ts";
import { fittingReward, shownReward } from "../rewards/fitting-reward.ts";
import { metricsOf } from "../rewards/optional-terms.ts";
import { builtInProfiles } from "../rollout/profile.ts";
import { subjectOf } from "../trajectories/annotations/subject.ts";
import type { MakeRow } from "../trajectories/file/row-index.ts";

const stripSegments = 24;
const questionLength = 500;

/** What a list shows of a trajectory, without its texts. */
export const trajectoryRow: MakeRow = (trajectory) => {
  const { id, question, training, segments, searches, stop, status } = trajectory;
  const { policy, environment, maskedShare } = originCounts(segments);
  const reward = shownReward(trajectory);
  const rules = (reward?.components ?? []).flatMap(({ violations }) => violations.map(({ rule }) => rule));
  const { step, stage, group, sample, advantage } = training ?? {};
  return {
    id,
    subject: subjectOf(trajectory),
    question: question.length > questionLength ? `${question.slice(0, questionLength)}…` : question,
    ...(step === undefined ? {} : { step }),
    ...(stage === undefined ? {} : { stage }),
    ...(group === undefined ? {} : { group }),
    ...(sample === undefined ? {} : { sample }),
    ...(advantage === undefined ? {} : { advantage }),
    ...(reward ? { reward: reward.total } : {}),
    components: (reward?.components ?? []).map(({ name, value, weight }) => ({ name, points: value * weight })),
    rules: [...new Set(rules)],
    ...rightness(trajectory),
    stop: stop?.reason ?? status,
    searches: searches.length,
    length: policy + environment,
    maskedShare,
    strip: stripOf(segments),
  };
};

function rightness(trajectory: Parameters<MakeRow>[0]): Pick<TrajectoryRow, "right" | "rightAlso"> {
  const { golds = [], answer, profile } = trajectory;
  if (golds.length === 0) return {};
  if (answer?.abstained) return { right: false, rightAlso: [] };
  const terms = fittingReward(builtInProfiles.find(({ name }) => name === profile));
  // Reading the answer out of a long transcript takes longer than all else of a row.
  const { cem1, em, f1 } = answer
    ? answerMetrics(answer.text, golds, terms.normaliser)
    : metricsOf(trajectory, terms, golds);
  return {
    right: cem1 === 1,
    rightAlso: [...(em === 1 ? (["em"] as const) : []), ...(f1 >= rightF1 ? (["f1"] as const) : [])],
  };
}

function stripOf(segments: readonly Segment[]): number[] {
  return segments
    .slice(0, stripSegments)
    .flatMap(({ kind, origin, start, end }) => [
      stripKinds.indexOf(origin === "policy" && kind === "answer" ? "answer" : origin),
      Math.max(0, end - start),
    ]);
}
