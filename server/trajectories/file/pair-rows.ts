import type { RowFilter, TrajectoryRow } from "../../../protocol/trajectory-file.ts";

/** By key of a row, the rollout of the same question in another file. */
export type RowPairs = ReadonlyMap<number, TrajectoryRow>;

/**
 * Pairs the rows of two files by question: the nth rollout of a question with the nth of the other file, in the order of step and
 * number where they have them, else of the files.
 */
export function pairRows(rows: readonly TrajectoryRow[], others: readonly TrajectoryRow[]): RowPairs {
  const byQuestion = grouped(others);
  const pairs = new Map<number, TrajectoryRow>();
  for (const [question, group] of grouped(rows)) {
    const against = byQuestion.get(question) ?? [];
    for (const [index, row] of group.entries()) if (against[index]) pairs.set(row.key, against[index]);
  }
  return pairs;
}

/** Whether a row and its pair differ in being right as a filter asks. */
export function flipMeets(row: TrajectoryRow, pair: TrajectoryRow | undefined, flip: RowFilter["flip"]): boolean {
  if (flip === undefined) return true;
  const change = flipOf(row, pair);
  return flip === "either" ? change !== undefined : change === flip;
}

/** `won` where a row is right and its pair wrong, `lost` the other way round; undefined where either is not known or both agree. */
export function flipOf(row: TrajectoryRow, pair: TrajectoryRow | undefined): "won" | "lost" | undefined {
  if (row.right === undefined || pair?.right === undefined || row.right === pair.right) return undefined;
  return row.right ? "won" : "lost";
}

/** How many rows are paired, and how many of them flipped which way. */
export function flipCounts(
  rows: readonly TrajectoryRow[],
  pairs: RowPairs,
): { paired: number; won: number; lost: number } {
  const counts = { paired: pairs.size, won: 0, lost: 0 };
  for (const row of rows) {
    const flip = flipOf(row, pairs.get(row.key));
    if (flip) counts[flip] += 1;
  }
  return counts;
}

function grouped(rows: readonly TrajectoryRow[]): Map<string, TrajectoryRow[]> {
  const groups = new Map<string, TrajectoryRow[]>();
  for (const row of rows) {
    const question = row.question.trim();
    const group = groups.get(question);
    if (group) group.push(row);
    else groups.set(question, [row]);
  }
  const place = ({ step = 0, sample = 0, line }: TrajectoryRow): number[] => [step, sample, line];
  for (const group of groups.values())
    if (group.length > 1)
      group.sort((a, b) => {
        const [left, right] = [place(a), place(b)];
        const at = left.findIndex((value, index) => value !== right[index]);
        return at < 0 ? 0 : left[at]! - right[at]!;
      });
  return groups;
}
