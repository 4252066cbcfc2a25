import { rightF1 } from "../../../protocol/trajectory-file.ts";
import { mcnemarExact } from "../statistics/mcnemar.ts";
import { type PairedDifference, pairedDifference } from "../statistics/paired-difference.ts";
import { type Difference, differences } from "./manifest.ts";
import { type EvaluationRow, hasFailed } from "./row.ts";
import type { Run } from "./run-folder.ts";
import { type MeasureName, measureNames, valueOf } from "./summary.ts";

/** What can make an answer right: exact match, cover match (the paper's ACC_R), at least half of the words by F1, or the judge. */
export const rightMeasures = ["em", "cem1", "f1", "judge"] as const;
export type RightBy = (typeof rightMeasures)[number];

export interface CompareTerms {
  /** The measure that the verdict is about. */
  metric: MeasureName;
  right: RightBy;
  /** Decides the intervals. */
  seed: number;
  /** Fields in which the runs may differ, beside the policy: the thing under comparison. */
  allowed: readonly string[];
}

/** A question that one run got right and the other wrong. */
export interface Flip {
  id: string;
  question: string;
  golds: string[];
  first: { answer: string | null; trajectory: string };
  second: { answer: string | null; trajectory: string };
}

/** The second run against the first. */
export interface Comparison {
  /** Questions that both answered. */
  questions: number;
  metric: MeasureName;
  /** Of the second run, by `metric`. */
  verdict: PairedDifference;
  measures: Partial<Record<MeasureName, PairedDifference>>;
  right: {
    by: RightBy;
    both: number;
    onlyFirst: number;
    onlySecond: number;
    neither: number;
    p: number;
    difference: PairedDifference;
  } | null;
  /** Right in the second run only. */
  won: Flip[];
  /** Right in the first run only. */
  lost: Flip[];
  /** Rollouts that ended because policy or retrieval failed. */
  failed: { first: number; second: number };
  /** Fields in which the runs differ and may. */
  differs: Difference[];
}

export type CompareResult =
  | { ok: true; comparison: Comparison }
  | { ok: false; kind: "unlike"; differences: Difference[] }
  | { ok: false; kind: "incomplete"; run: Run }
  | { ok: false; kind: "nothing"; reason: string };

/** Pairs two runs by question. Runs that do not measure the same are refused with every field that says so. */
export function compareRuns(first: Run, second: Run, terms: CompareTerms): CompareResult {
  const allowed = ["policy", ...terms.allowed];
  const unlike = differences(first.manifest, second.manifest, allowed);
  if (unlike.length > 0) return { ok: false, kind: "unlike", differences: unlike };
  const incomplete = [first, second].find(({ rows, manifest }) => rows.length < manifest.sample.questions);
  if (incomplete && !allowed.includes("sample")) return { ok: false, kind: "incomplete", run: incomplete };
  const pairs = paired(first.rows, second.rows);
  const measures: Comparison["measures"] = {};
  for (const name of measureNames) {
    const values = bothValues(pairs, (row) => valueOf(row, name));
    if (values.first.length > 0) measures[name] = pairedDifference(values.first, values.second, terms.seed);
  }
  const verdict = measures[terms.metric];
  if (!verdict) return { ok: false, kind: "nothing", reason: `no question has a value of ${terms.metric} in both` };
  const outcomes = pairs.map(([one, other]) => ({
    one,
    other,
    first: isRight(one, terms.right),
    second: isRight(other, terms.right),
  }));
  return {
    ok: true,
    comparison: {
      questions: pairs.length,
      metric: terms.metric,
      verdict,
      measures,
      right: rightTable(outcomes, terms),
      won: outcomes.filter((pair) => pair.first === false && pair.second === true).map(flip),
      lost: outcomes.filter((pair) => pair.first === true && pair.second === false).map(flip),
      failed: {
        first: pairs.filter(([one]) => hasFailed(one)).length,
        second: pairs.filter(([, other]) => hasFailed(other)).length,
      },
      differs: differences(first.manifest, second.manifest).filter(({ field }) =>
        allowed.some((name) => field === name || field.startsWith(`${name}.`)),
      ),
    },
  };
}

type Pair = readonly [EvaluationRow, EvaluationRow];

/** In the order of ids, so that the order of the files decides nothing. */
function paired(first: readonly EvaluationRow[], second: readonly EvaluationRow[]): Pair[] {
  const others = new Map(second.map((row) => [row.id, row]));
  const pairs = first.flatMap((row): Pair[] => (others.has(row.id) ? [[row, others.get(row.id)!]] : []));
  return pairs.sort(([a], [b]) => (a.id < b.id ? -1 : 1));
}

function bothValues(
  pairs: readonly Pair[],
  value: (row: EvaluationRow) => number | undefined,
): { first: number[]; second: number[] } {
  const values = pairs.flatMap(([one, other]) => {
    const [a, b] = [value(one), value(other)];
    return a === undefined || b === undefined ? [] : [{ a, b }];
  });
  return { first: values.map(({ a }) => a), second: values.map(({ b }) => b) };
}

/** Undefined where nothing says what is right. A question that the documents do not answer is right with an abstention. */
function isRight(row: EvaluationRow, by: RightBy): boolean | undefined {
  if (!row.answerable) return row.abstained;
  const value = valueOf(row, by);
  return value === undefined ? undefined : value >= (by === "f1" ? rightF1 : 1);
}

interface Outcome {
  one: EvaluationRow;
  other: EvaluationRow;
  first: boolean | undefined;
  second: boolean | undefined;
}

function rightTable(outcomes: readonly Outcome[], { right: by, seed }: CompareTerms): Comparison["right"] {
  const known = outcomes.filter(({ first, second }) => first !== undefined && second !== undefined);
  if (known.length === 0) return null;
  const count = (first: boolean, second: boolean): number =>
    known.filter((pair) => pair.first === first && pair.second === second).length;
  const [onlyFirst, onlySecond] = [count(true, false), count(false, true)];
  const difference = pairedDifference(
    known.map(({ first }) => Number(first)),
    known.map(({ second }) => Number(second)),
    seed,
  );
  return {
    by,
    both: count(true, true),
    onlyFirst,
    onlySecond,
    neither: count(false, false),
    p: mcnemarExact(onlyFirst, onlySecond),
    difference,
  };
}

function flip({ one, other }: Outcome): Flip {
  const side = ({ answer, trajectory }: EvaluationRow) => ({ answer, trajectory });
  return { id: one.id, question: one.question, golds: one.golds, first: side(one), second: side(other) };
}
