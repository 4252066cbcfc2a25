import { mean } from "simple-statistics";
import { bootstrapMean } from "../../server/evaluation/statistics/bootstrap.ts";
import { pairedDifference } from "../../server/evaluation/statistics/paired-difference.ts";
import type { PolicyScores } from "./evaluate-checkpoints.ts";

/** Of the intervals. */
const seed = 1;

/** A mean with its 95 % interval. */
export function interval(values: readonly number[], percent: boolean): string {
  const found = bootstrapMean([...values], seed)!;
  const text = (value: number): string => (percent ? `${(100 * value).toFixed(0)}` : value.toFixed(2));
  return `${text(found.mean)}${percent ? " %" : ""} (${text(found.low)}–${text(found.high)})`;
}

/** One policy at one temperature, as a row of the report. */
export function scoreRow({ name, temperature, form, f1, em, searches, found }: PolicyScores): string {
  return `| ${name} | ${temperature} | ${interval(form, true)} | ${interval(f1, false)} | ${interval(em, false)} | ${mean(searches).toFixed(2)} | ${found.length > 0 ? interval(found, true) : "–"} |`;
}

const pairs = [
  ["frozen", "supervised"],
  ["supervised", "reinforced"],
] as const;

/** Each policy against the one before it, question by question, as rows of the report. */
export function pairedRows(scores: readonly PolicyScores[]): string[] {
  return [0, 1].flatMap((temperature) =>
    pairs.flatMap(([first, second]) => {
      const [a, b] = [first, second].map((name) =>
        scores.find((each) => each.name === name && each.temperature === temperature),
      );
      if (!a || !b) return [];
      const said = (key: "form" | "f1" | "em"): string => {
        const { difference, low, high, verdict } = pairedDifference(a[key], b[key], seed);
        return `${signed(difference)} (${signed(low)} to ${signed(high)}, ${verdict})`;
      };
      return [`| ${second} − ${first} | ${temperature} | ${said("form")} | ${said("f1")} | ${said("em")} |`];
    }),
  );
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
}
