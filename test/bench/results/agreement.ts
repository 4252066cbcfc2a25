import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AnswerMetrics, answerMetrics, compareAnswer } from "../../../server/evaluation/answer-metrics.ts";
import { type Agreement, agreement } from "../../../server/evaluation/judge.ts";
import { readTrajectories } from "../../../server/trajectories/import/read-trajectories.ts";

/** Our metrics over the released rollouts of one data set and model. */
export interface ReleasedRow {
  name: string;
  rows: number;
  em: number;
  f1: number;
  cem1: number;
  cem2: number;
  judge: number;
  searches: number;
  /** What the paper's own files give over all their rows; ours hold a part of them. */
  published: { rows: number; em: number; f1: number; cem1: number; cem2: number; judge: number; searches: number };
}

export interface MetricAgreement {
  /** Pairs of answers on which our four metrics are those of the reference program to the last digit. */
  golden: { pairs: number; equal: number };
  released: ReleasedRow[];
  /** The judge of the files against our metrics, over all rows. */
  judge: { em: Agreement; cem1: Agreement; f1: Agreement };
}

/** Percent; computed from the five released result files (R1-Searcher at 631167c). */
const published: Record<string, ReleasedRow["published"]> = {
  "hotpotqa Qwen": { rows: 500, em: 58.0, f1: 71.9, cem1: 65.4, cem2: 65.4, judge: 75.0, searches: 2.11 },
  "2wiki Qwen": { rows: 500, em: 55.4, f1: 63.7, cem1: 63.6, cem2: 64.0, judge: 65.0, searches: 2.24 },
  "bamboogle Qwen": { rows: 125, em: 45.6, f1: 57.7, cem1: 52.8, cem2: 48.8, judge: 54.4, searches: 1.98 },
  "hotpotqa Llama": { rows: 500, em: 58.4, f1: 70.6, cem1: 64.8, cem2: 63.6, judge: 74.6, searches: 2.8 },
  "bamboogle Llama": { rows: 125, em: 44.0, f1: 57.1, cem1: 50.4, cem2: 47.2, judge: 54.4, searches: 2.71 },
};

interface GoldenPair {
  prediction: string;
  gold: string;
  em: boolean;
  f1: number;
  cem1: boolean;
  cem2: boolean;
}

/** Scores the reference program's own pairs and the released rollouts. Undefined where either is not on this machine. */
export async function measureAgreement(shared: string): Promise<MetricAgreement | undefined> {
  const golden = join(shared, "golden", "metrics.jsonl");
  const rollouts = join(shared, "data", "trajectories-r1-searcher", "trajectories.jsonl");
  if (!existsSync(golden) || !existsSync(rollouts)) return undefined;
  const pairs = lines<GoldenPair>(golden);
  const equal = pairs.filter(({ prediction, gold, em, f1, cem1, cem2 }) => {
    const ours = compareAnswer(prediction, gold);
    return ours.em === Number(em) && ours.f1 === f1 && ours.cem1 === Number(cem1) && ours.cem2 === Number(cem2);
  }).length;
  const names = new Map(
    lines<{ id: string; dataset: string; model: string }>(rollouts).map(({ id, dataset, model }) => [
      id,
      `${dataset} ${model.split("-")[0]!}`,
    ]),
  );
  const groups = new Map<string, { metrics: AnswerMetrics; judge: boolean; searches: number }[]>();
  for await (const read of readTrajectories(rollouts)) {
    if (!read.ok)
      throw new Error(`The released rollouts cannot be read at line ${read.line}: ${read.field} ${read.reason}.`);
    const { trajectory, recorded, judge } = read.row;
    const name = names.get(trajectory.id)!;
    groups.set(name, [
      ...(groups.get(name) ?? []),
      { metrics: answerMetrics(recorded, trajectory.golds ?? []), judge: judge!, searches: trajectory.searches.length },
    ]);
  }
  const all = [...groups.values()].flat();
  const by = (metric: "em" | "cem1" | "f1"): Agreement =>
    agreement(all.map(({ judge, metrics }) => ({ judge, metric: metrics[metric] })))!;
  return {
    golden: { pairs: pairs.length, equal },
    released: [...groups].map(([name, rows]) => {
      const mean = (value: (row: (typeof rows)[number]) => number): number =>
        rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
      const percent = (metric: "em" | "f1" | "cem1" | "cem2"): number => 100 * mean(({ metrics }) => metrics[metric]);
      return {
        name,
        rows: rows.length,
        em: percent("em"),
        f1: percent("f1"),
        cem1: percent("cem1"),
        cem2: percent("cem2"),
        judge: 100 * mean(({ judge }) => Number(judge)),
        searches: mean(({ searches }) => searches),
        published: published[name]!,
      };
    }),
    judge: { em: by("em"), cem1: by("cem1"), f1: by("f1") },
  };
}

function lines<Row>(path: string): Row[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}
