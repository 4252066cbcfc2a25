import type { Reward } from "../../protocol/reward.ts";
import type { AnswerMetrics } from "../evaluation/answer-metrics.ts";
import { agreement } from "../evaluation/judge.ts";
import type { RolloutMetrics } from "../evaluation/rollout-metrics.ts";
import type { DisagreementKind, MaskAudit } from "../rollout/mask-audit.ts";

/** One scored trajectory, as `score --json` prints it. */
export interface ScoredRow {
  id: string;
  /** Line of the file at which the record begins. */
  line: number;
  question: string;
  answer: string | null;
  /** The answer of the text, where the record names another one. */
  answerInText?: string;
  profile: string;
  rollout: RolloutMetrics;
  /** A judge's verdict that the record holds. */
  judge?: boolean;
  stop: string | null;
  /** How the mask by construction compares with a search for tags; absent for forms without tags. */
  mask?: MaskAudit;
  /** Null for a question without gold answers. */
  metrics: AnswerMetrics | null;
  reward: Reward;
}

/** Means over the rows of a file; metrics over those that have gold answers. */
export class ScoreSummary {
  #rows = 0;
  #answered = 0;
  readonly #rollouts: RolloutMetrics[] = [];
  readonly #judged: { judge: boolean; metrics: AnswerMetrics }[] = [];
  readonly #mask = { rows: 0, agree: 0 };
  /** In how many trajectories each kind of disagreement occurs; breaks that are trained on are no disagreement of policy text. */
  readonly #maskKinds = new Map<DisagreementKind, number>();
  #validFormat = 0;
  #withGolds = 0;
  readonly #metrics: Record<keyof AnswerMetrics, number> = { em: 0, f1: 0, precision: 0, recall: 0, cem1: 0, cem2: 0 };
  readonly #components = new Map<string, { rows: number; sum: number }>();
  readonly #rules = new Map<string, { rows: number; points: number }>();
  readonly #profiles = new Map<string, number>();
  #total = 0;
  #squares = 0;

  add(row: ScoredRow): void {
    this.#rows += 1;
    if (row.answer !== null) this.#answered += 1;
    this.#rollouts.push(row.rollout);
    if (row.judge !== undefined && row.metrics) this.#judged.push({ judge: row.judge, metrics: row.metrics });
    if (row.reward.components.every(({ name, violations }) => name !== "format" || violations.length === 0))
      this.#validFormat += 1;
    if (row.metrics) {
      this.#withGolds += 1;
      for (const key of Object.keys(this.#metrics) as (keyof AnswerMetrics)[]) this.#metrics[key] += row.metrics[key];
    }
    if (row.mask) {
      this.#mask.rows += 1;
      if (row.mask.agree) this.#mask.agree += 1;
      for (const kind of new Set(row.mask.disagreements.map((each) => each.kind)))
        if (kind !== "trained-break") this.#maskKinds.set(kind, (this.#maskKinds.get(kind) ?? 0) + 1);
    }
    const { reward } = row;
    this.#total += reward.total;
    this.#squares += reward.total ** 2;
    this.#profiles.set(reward.profile, (this.#profiles.get(reward.profile) ?? 0) + 1);
    for (const { name, value, violations } of reward.components) {
      const component = entry(this.#components, name, () => ({ rows: 0, sum: 0 }));
      component.rows += 1;
      component.sum += value;
      const points = new Map<string, number>();
      for (const violation of violations)
        points.set(violation.rule, (points.get(violation.rule) ?? 0) + violation.points);
      for (const [rule, lost] of points) {
        const tally = entry(this.#rules, rule, () => ({ rows: 0, points: 0 }));
        tally.rows += 1;
        tally.points += lost;
      }
    }
  }

  json() {
    const mean = this.#total / this.#rows;
    const metrics = Object.fromEntries(Object.entries(this.#metrics).map(([key, sum]) => [key, sum / this.#withGolds]));
    return {
      rows: this.#rows,
      withGolds: this.#withGolds,
      answerRate: this.#answered / this.#rows,
      validFormat: this.#validFormat / this.#rows,
      rollout: rolloutMeans(this.#rollouts),
      mask: { ...this.#mask, kinds: Object.fromEntries(this.#maskKinds) },
      ...(this.#judged.length > 0 ? { judge: judgeAgreement(this.#judged) } : {}),
      metrics: this.#withGolds > 0 ? (metrics as Record<keyof AnswerMetrics, number>) : null,
      reward: {
        mean,
        std: Math.sqrt(Math.max(0, this.#squares / this.#rows - mean ** 2)),
        profiles: Object.fromEntries(this.#profiles),
      },
      components: Object.fromEntries(
        [...this.#components].map(([name, { rows, sum }]) => [name, { rows, mean: sum / rows }]),
      ),
      rules: Object.fromEntries(this.#rules),
    };
  }
}

export type ScoreTotals = ReturnType<ScoreSummary["json"]> & {
  bad: number;
  policySpans?: { rows: number; differ: number; points: number; rules: Record<string, number> };
};

/** Means over rollouts; evidence over those where it can be told. */
function rolloutMeans(rollouts: readonly RolloutMetrics[]) {
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  const of = (name: Exclude<keyof RolloutMetrics, "policyTokens" | "evidenceReached">): number =>
    mean(rollouts.map((rollout) => rollout[name]))!;
  const documents = rollouts.reduce((sum, rollout) => sum + rollout.documents, 0);
  const repeated = rollouts.reduce((sum, rollout) => sum + rollout.repeatedDocuments, 0);
  return {
    searches: of("searches"),
    turns: of("turns"),
    policyTokens: mean(rollouts.flatMap(({ policyTokens }) => (policyTokens === null ? [] : [policyTokens]))),
    seconds: of("seconds"),
    cacheHits: of("cacheHits"),
    documents: of("documents"),
    repeatedDocumentShare: documents === 0 ? 0 : repeated / documents,
    environmentShare: of("environmentShare"),
    evidenceReached: mean(
      rollouts.flatMap(({ evidenceReached }) => (evidenceReached === null ? [] : [Number(evidenceReached)])),
    ),
  };
}

/** How far the judge of the records agrees with exact match, with cover match and with F1 of at least a half. */
function judgeAgreement(judged: readonly { judge: boolean; metrics: AnswerMetrics }[]) {
  const by = (metric: "em" | "cem1" | "f1") =>
    agreement(judged.map(({ judge, metrics }) => ({ judge, metric: metrics[metric] })));
  return { em: by("em"), cem1: by("cem1"), f1: by("f1") };
}

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}
