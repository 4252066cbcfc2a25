import type { RunSeries } from "../../protocol/run-picture.ts";

export interface ChartPlan {
  title: string;
  /** What the numbers are in, for axis and table. */
  unit: string;
  /** Metrics drawn together, at most six: more lines than that cannot be told apart. */
  metrics: string[];
}

const most = 6;

/** What belongs into one chart, by the metrics' names, in the order of the page. A metric goes to the first that takes it. */
const plans: readonly { title: string; unit: string; takes: RegExp }[] = [
  { title: "Score", unit: "", takes: /^(?:score|f1|em|cem)$/ },
  { title: "Reward", unit: "points", takes: /^reward(?:[/-](?:mean|total|std|best|max|min))?$/ },
  { title: "Components other than zero", unit: "share", takes: /^reward\/.+\/non-zero$/ },
  { title: "Reward components", unit: "points", takes: /^reward\// },
  { title: "Broken rules", unit: "a rollout", takes: /^rule\// },
  {
    title: "Answer and format",
    unit: "share",
    takes: /^(?:answer-rate|valid-format-rate|truncated-rate|repetition|.*-share)$/,
  },
  { title: "Advantage", unit: "", takes: /^advantages?(?:[/-]|$)/ },
  { title: "Divergence from the reference", unit: "nats a token", takes: /^kl(?:[/-]|$)/ },
  { title: "Entropy", unit: "nats", takes: /^entropy(?:[/-]|$)/ },
  { title: "Likelihood of correct rollouts", unit: "nats", takes: /^correct-logprob/ },
  { title: "Length", unit: "tokens", takes: /^(?:policy-tokens|tokens|length)(?:[/-]|$)|-tokens$/ },
  { title: "Searches", unit: "a rollout", takes: /^(?:searches|duplicate-queries)(?:[/-]|$)/ },
  { title: "Probability ratio", unit: "", takes: /^(?:ratio|clip)/ },
  { title: "Optimiser steps", unit: "an iteration", takes: /^steps$/ },
  { title: "Learning rate", unit: "", takes: /^(?:learning-rate|lr)(?:[/-]|$)/ },
  { title: "Gradient norm", unit: "", takes: /^grad(?:ient)?-norm/ },
  { title: "Loss", unit: "", takes: /^(?:loss|nll)(?:[/-]|$)/ },
  { title: "Time per phase", unit: "s", takes: /^(?:time|seconds)\// },
];

/** The charts of a series: the known ones in their order, then a chart for each metric that none of them takes. */
export function planCharts(names: readonly string[]): ChartPlan[] {
  const taken = new Map<number, string[]>();
  const others: string[] = [];
  for (const name of names) {
    // The same number under the name that the health monitors know it by.
    if (name === "reward" && names.includes("reward/mean")) continue;
    const at = plans.findIndex(({ takes }) => takes.test(name));
    if (at === -1) others.push(name);
    else taken.set(at, [...(taken.get(at) ?? []), name]);
  }
  return [
    ...plans.flatMap(({ title, unit }, index) => inParts(title, unit, taken.get(index) ?? [])),
    ...others.map((name) => ({ title: name, unit: "", metrics: [name] })),
  ];
}

function inParts(title: string, unit: string, metrics: readonly string[]): ChartPlan[] {
  const charts: ChartPlan[] = [];
  for (let from = 0; from < metrics.length; from += most) {
    const part = from === 0 ? title : `${title} (${from / most + 1})`;
    charts.push({ title: part, unit, metrics: metrics.slice(from, from + most) });
  }
  return charts;
}

/** Names of a series' metrics that have a value anywhere. */
export function metricNames({ metrics }: RunSeries): string[] {
  return Object.keys(metrics).filter((name) => metrics[name]!.some((value) => value !== null));
}

/** A number as a reader wants it: four digits that count, small ones with their power. */
export function show(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6)
    return value.toExponential(2).replace("-", "−").replace("e-", "e−").replace("e+", "e");
  return value.toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "−");
}
