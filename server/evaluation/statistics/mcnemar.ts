import { binomialDistribution } from "simple-statistics";

/**
 * McNemar's exact test: of the questions that only one of two runs got right, is the split further from half and half than
 * chance allows? Two-sided p, 1 where no question tells the two apart.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const trials = onlyFirst + onlySecond;
  if (trials === 0) return 1;
  const cells = binomialDistribution(trials, 0.5);
  if (!cells) throw new RangeError(`McNemar's test takes whole numbers from 0, not ${onlyFirst} and ${onlySecond}.`);
  let tail = 0;
  for (let right = 0; right <= Math.min(onlyFirst, onlySecond); right += 1) tail += cells[right]!;
  return Math.min(1, 2 * tail);
}
