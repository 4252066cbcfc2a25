import { mean, quantileSorted } from "simple-statistics";
import { z } from "zod";
import { seededRandom } from "./seeded-random.ts";

/** A mean with the range that holds 95 % of the means of resampled questions. */
export const Interval = z.object({ mean: z.number(), low: z.number(), high: z.number(), rows: z.int().min(1) });
export type Interval = z.infer<typeof Interval>;

export const resamples = 2000;

/**
 * Percentile bootstrap of a mean, 95 %. The same values and seed give the same interval. Undefined for no values; for one
 * value the interval is that value, since one question says nothing of the spread.
 */
export function bootstrapMean(values: readonly number[], seed: number, count = resamples): Interval | undefined {
  const rows = values.length;
  if (rows === 0) return undefined;
  const random = seededRandom(seed);
  const means = new Float64Array(count);
  for (let sample = 0; sample < count; sample += 1) {
    let sum = 0;
    for (let draw = 0; draw < rows; draw += 1) sum += values[Math.floor(random() * rows)]!;
    means[sample] = sum / rows;
  }
  const sorted = [...means.sort()];
  return { mean: mean([...values]), low: quantileSorted(sorted, 0.025), high: quantileSorted(sorted, 0.975), rows };
}
