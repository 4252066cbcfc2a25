import type { RightMeasure, RowFilter } from "../../../protocol/trajectory-file.ts";
import type { RowColumns } from "./row-columns.ts";

/** For each key of a row, one more than the key of the rollout of the same question in another file; 0 where there is none. */
export type RowPairs = Uint32Array<ArrayBuffer>;

/**
 * Pairs the rows of two files by question: the nth rollout of a question with the nth of the other file, in the order of step and
 * number where they have them, else of the files.
 */
export function pairRows(columns: RowColumns, others: RowColumns): RowPairs {
  const numbers = new Map<string, number>();
  const [left, right] = [columns, others].map((each) => questionNumbers(each, numbers)) as [Questions, Questions];
  const [rows, against] = [byQuestion(columns, left), byQuestion(others, right)];
  const pairs = new Uint32Array(columns.count);
  let at = 0;
  for (const row of rows) {
    const question = left(row);
    // A question that has fewer rollouts there leaves the rest of those here without one.
    while (at < against.length && right(against[at]!) < question) at += 1;
    if (at < against.length && right(against[at]!) === question) pairs[row] = against[at++]! + 1;
  }
  return pairs;
}

/** Whether a row and its pair differ in being right as a filter asks: `won` where the row is right and its pair wrong. */
export function admittingFlips(
  columns: RowColumns,
  others: RowColumns,
  pairs: RowPairs,
  { flip, rightBy }: RowFilter,
): (key: number) => boolean {
  if (flip === undefined) return () => true;
  const flipOf = flips(columns, others, pairs, rightBy);
  return (key) => (flip === "either" ? flipOf(key) !== undefined : flipOf(key) === flip);
}

/** How many rows are paired, and how many of them flipped which way. */
export function flipCounts(
  columns: RowColumns,
  others: RowColumns,
  pairs: RowPairs,
  by?: RightMeasure,
): { paired: number; won: number; lost: number } {
  const counts = { paired: 0, won: 0, lost: 0 };
  const flipOf = flips(columns, others, pairs, by);
  for (let key = 0; key < pairs.length; key++) {
    if (pairs[key] === 0) continue;
    counts.paired += 1;
    const flip = flipOf(key);
    if (flip) counts[flip] += 1;
  }
  return counts;
}

/** Undefined where either is not known to be right or wrong, or both agree. */
function flips(
  columns: RowColumns,
  others: RowColumns,
  pairs: RowPairs,
  by: RightMeasure | undefined,
): (key: number) => "won" | "lost" | undefined {
  return (key) => {
    const pair = pairs[key] ?? 0;
    if (pair === 0) return undefined;
    const [here, there] = [columns.isRight(key, by), others.isRight(pair - 1, by)];
    if (here === undefined || there === undefined || here === there) return undefined;
    return here ? "won" : "lost";
  };
}

/** The number of a row's question, the same in both files. */
type Questions = (key: number) => number;

function questionNumbers({ questions, question }: RowColumns, numbers: Map<string, number>): Questions {
  const own = questions.values.map((text) => {
    const trimmed = text.trim();
    const number = numbers.get(trimmed) ?? numbers.size;
    numbers.set(trimmed, number);
    return number;
  });
  return (key) => own[question.values[key]!]!;
}

function byQuestion(columns: RowColumns, question: Questions): Uint32Array {
  const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value);
  return columns
    .keys(() => true)
    .sort(
      (a, b) =>
        question(a) - question(b) ||
        orZero(columns.step.values[a]!) - orZero(columns.step.values[b]!) ||
        orZero(columns.sample.values[a]!) - orZero(columns.sample.values[b]!) ||
        a - b,
    );
}
