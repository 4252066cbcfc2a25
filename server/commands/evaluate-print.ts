import { type MeasureName, type RunSummary, measureNames } from "../evaluation/runs/summary.ts";
import { counted } from "./counted.ts";
import { print } from "./output.ts";
import { oneLine } from "./visible-text.ts";

/** Measures that are counts or seconds; all others are shares, shown in percent. */
const plainNumbers = new Set<MeasureName>([
  "reward",
  "searches",
  "turns",
  "policyTokens",
  "seconds",
  "cacheHits",
  "repeatedQueries",
  "repeatedDocuments",
]);

const labels: Partial<Record<MeasureName, string>> = {
  em: "EM",
  f1: "F1",
  cem1: "CEM_1 (ACC_R)",
  cem2: "CEM_2",
  judge: "judge (ACC_L)",
  rightAbstention: "right abstention",
  validFormat: "valid format",
  evidenceReached: "gold answer read",
  supportsReached: "supports read",
  recallAt10: "recall@10",
  reciprocalRank: "MRR",
  ndcg10: "nDCG@10",
  policyTokens: "policy tokens",
  cacheHits: "cache hits",
  repeatedQueries: "repeated queries",
  repeatedDocuments: "repeated documents",
};

/** The name of a measure as a reader sees it. */
export function labelOf(name: MeasureName): string {
  return labels[name] ?? name;
}

/** Whether a measure is a count, a sum or seconds, and no share. */
export function isPlainNumber(name: MeasureName): boolean {
  return plainNumbers.has(name);
}

/** A value as a reader sees it: percent with one decimal for shares. */
export function shown(name: MeasureName, value: number): string {
  return plainNumbers.has(name) ? value.toFixed(2) : (100 * value).toFixed(1);
}

/** The means of a run with their intervals. */
export function printSummary(summary: RunSummary & { questions: number; bad: number }): void {
  const { rows, questions, bad, failed, means, stops, types, judge } = summary;
  const lost = [failed > 0 ? `${failed} failed` : "", bad > 0 ? `${counted(bad, "record")} left out` : ""].filter(
    Boolean,
  );
  print(
    `${rows} of ${counted(questions, "question")}${lost.length > 0 ? ` (${lost.join(", ")})` : ""}, 95 % intervals:`,
  );
  for (const name of measureNames) {
    const interval = means[name];
    if (!interval) continue;
    const range = `${shown(name, interval.low)} to ${shown(name, interval.high)}`;
    print(
      `  ${labelOf(name).padEnd(20)} ${shown(name, interval.mean).padStart(8)}   ${range.padEnd(18)} ${interval.rows === rows ? "" : `of ${interval.rows}`}`.trimEnd(),
    );
  }
  print(
    `Ends: ${Object.entries(stops)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(", ")}`,
  );
  for (const [type, { rows: count, f1, cem1 }] of Object.entries(types))
    print(
      `  ${oneLine(type, 24).padEnd(24)} ${String(count).padStart(5)} ${count === 1 ? "question " : "questions"}   F1 ${(100 * f1).toFixed(1)}   CEM_1 ${(100 * cem1).toFixed(1)}`,
    );
  if (!judge) return;
  for (const metric of ["em", "cem1", "f1"] as const) {
    const found = judge[metric];
    if (found)
      print(
        `Judge and ${metric === "f1" ? "F1 of a half" : labelOf(metric)} agree on ${(100 * found.agree).toFixed(1)} % (kappa ${found.kappa?.toFixed(2) ?? "–"}).`,
      );
  }
  if (judge.unclear > 0) print(`The judge gave no verdict on ${judge.unclear} answers.`);
}
