import { agreement, type Agreement } from "../judge.ts";
import { type Interval, bootstrapMean } from "../statistics/bootstrap.ts";
import { type EvaluationRow, hasFailed } from "./row.ts";

/** A number of one row; null where the row has none. Yes and no are 1 and 0. */
type Measure = (row: EvaluationRow) => number | boolean | null | undefined;

/** Everything that is averaged over a run, by name. */
export const measures = {
  em: (row) => row.metrics?.em,
  f1: (row) => row.metrics?.f1,
  cem1: (row) => row.metrics?.cem1,
  cem2: (row) => row.metrics?.cem2,
  judge: (row) => (row.judge && row.judge.verdict !== "unclear" ? row.judge.verdict === "true" : null),
  reward: (row) => row.reward.total,
  answered: (row) => row.answer !== null && !row.abstained,
  /** Of the questions whose right answer is that there is none. */
  rightAbstention: (row) => (row.answerable ? null : row.abstained),
  validFormat: (row) => row.validFormat,
  evidenceReached: (row) => row.rollout.evidenceReached,
  supportsReached: (row) => row.retrieval?.reached,
  recallAt10: (row) => row.retrieval?.recall,
  reciprocalRank: (row) => row.retrieval?.reciprocalRank,
  ndcg10: (row) => row.retrieval?.ndcg10,
  searches: (row) => row.rollout.searches,
  turns: (row) => row.rollout.turns,
  policyTokens: (row) => row.rollout.policyTokens,
  seconds: (row) => row.rollout.seconds,
  cacheHits: (row) => row.rollout.cacheHits,
  repeatedQueries: (row) => row.rollout.repeatedQueries,
  repeatedDocuments: (row) => row.rollout.repeatedDocuments,
} as const satisfies Record<string, Measure>;
export type MeasureName = keyof typeof measures;

export const measureNames = Object.keys(measures) as MeasureName[];

/** The value of a measure for a row; undefined where it has none. */
export function valueOf(row: EvaluationRow, name: MeasureName): number | undefined {
  const value = (measures[name] as Measure)(row);
  return value === null || value === undefined ? undefined : Number(value);
}

/** What a run came to. */
export interface RunSummary {
  rows: number;
  /** Rollouts that ended because policy or retrieval failed; they count as wrong. */
  failed: number;
  stops: Record<string, number>;
  /** Means with 95 % intervals; a measure that no row has is absent. */
  means: Partial<Record<MeasureName, Interval>>;
  /** F1 and cover match of each kind of question, where the set names kinds. */
  types: Record<string, { rows: number; f1: number; cem1: number }>;
  /** How far the judge agrees with each metric; absent without a judge. */
  judge?: { em?: Agreement; cem1?: Agreement; f1?: Agreement; unclear: number };
}

/** Summarises rows; the same rows in any order and the same seed give the same summary. */
export function summariseRun(rows: Iterable<EvaluationRow>, seed: number): RunSummary {
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const means: RunSummary["means"] = {};
  for (const name of measureNames) {
    const interval = bootstrapMean(
      sorted.flatMap((row) => valueOf(row, name) ?? []),
      seed,
    );
    if (interval) means[name] = interval;
  }
  return {
    rows: sorted.length,
    failed: sorted.filter(hasFailed).length,
    stops: counts(sorted.map(({ stop }) => stop.reason)),
    means,
    types: typeMeans(sorted),
    ...judgeSummary(sorted),
  };
}

function counts(names: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) found[name] = (found[name] ?? 0) + 1;
  return found;
}

function typeMeans(rows: readonly EvaluationRow[]): RunSummary["types"] {
  const groups = new Map<string, NonNullable<EvaluationRow["metrics"]>[]>();
  for (const { type, metrics } of rows)
    if (type !== undefined && metrics) groups.set(type, [...(groups.get(type) ?? []), metrics]);
  return Object.fromEntries(
    [...groups].map(([type, group]) => {
      const mean = (name: "f1" | "cem1"): number =>
        group.reduce((sum, metrics) => sum + metrics[name], 0) / group.length;
      return [type, { rows: group.length, f1: mean("f1"), cem1: mean("cem1") }];
    }),
  );
}

function judgeSummary(rows: readonly EvaluationRow[]): Pick<RunSummary, "judge"> {
  const judged = rows.flatMap(({ judge, metrics }) => (judge && metrics ? [{ verdict: judge.verdict, metrics }] : []));
  if (judged.length === 0) return {};
  const clear = judged.filter(({ verdict }) => verdict !== "unclear");
  const by = (metric: "em" | "cem1" | "f1") =>
    agreement(clear.map(({ verdict, metrics }) => ({ judge: verdict === "true", metric: metrics[metric] })));
  const agreements = { em: by("em"), cem1: by("cem1"), f1: by("f1") };
  const known = Object.fromEntries(Object.entries(agreements).filter(([, value]) => value !== undefined));
  return { judge: { ...known, unclear: judged.length - clear.length } };
}
