import type { Reward } from "../../protocol/reward.ts";
import type { AnswerMetrics } from "../evaluation/answer-metrics.ts";

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
  searches: number;
  /** Documents inserted. */
  documents: number;
  stop: string | null;
  /** Null for a question without gold answers. */
  metrics: AnswerMetrics | null;
  reward: Reward;
}

/** Means over the rows of a file; metrics over those that have gold answers. */
export class ScoreSummary {
  #rows = 0;
  #answered = 0;
  #searches = 0;
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
    this.#searches += row.searches;
    if (row.metrics) {
      this.#withGolds += 1;
      for (const key of Object.keys(this.#metrics) as (keyof AnswerMetrics)[]) this.#metrics[key] += row.metrics[key];
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
      meanSearches: this.#searches / this.#rows,
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

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}
