import { mean, probit, sampleStandardDeviation } from "simple-statistics";
import { bootstrapMean } from "./bootstrap.ts";

export type Verdict = "better" | "worse" | "cannot tell";

/** How the second of two runs differs from the first on the same questions. */
export interface PairedDifference {
  questions: number;
  first: number;
  second: number;
  /** second − first, with a 95 % interval of the paired bootstrap. */
  difference: number;
  low: number;
  high: number;
  /** Of the second run; "cannot tell" where the interval holds 0. */
  verdict: Verdict;
  /**
   * Questions that would show a difference of this size with 80 % certainty at 5 %; undefined where the runs do not differ
   * or the verdict is clear.
   */
  questionsNeeded?: number;
}

const pairedResamples = 10_000;
/** Two-sided 5 %, 80 % power. */
const certainty = probit(0.975) + probit(0.8);

/** Compares values of the same questions in the same order. Needs at least one. */
export function pairedDifference(first: readonly number[], second: readonly number[], seed: number): PairedDifference {
  if (first.length !== second.length || first.length === 0)
    throw new RangeError(`A paired comparison needs the same questions, not ${first.length} and ${second.length}.`);
  const differences = second.map((value, index) => value - first[index]!);
  const { mean: difference, low, high } = bootstrapMean(differences, seed, pairedResamples)!;
  // One question has no spread, whatever its difference.
  const clear = differences.length > 1 && (low > 0 || high < 0);
  const verdict = !clear ? "cannot tell" : difference > 0 ? "better" : "worse";
  const spread = differences.length > 1 ? sampleStandardDeviation(differences) : 0;
  const needed = !clear && difference !== 0 && spread > 0;
  return {
    questions: differences.length,
    first: mean([...first]),
    second: mean([...second]),
    difference,
    low,
    high,
    verdict,
    ...(needed ? { questionsNeeded: Math.ceil(((certainty * spread) / difference) ** 2) } : {}),
  };
}
