import { max, mean, min, standardDeviation, sum } from "simple-statistics";
import type { RunMetrics } from "../../../protocol/run.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { Advantages } from "../advantages.ts";
import { eachStretch, sumOf } from "../tokens.ts";
import type { MaskedSequence } from "./masked-sequence.ts";
import { type Group, withoutSpread } from "./sample-groups.ts";
import type { UpdateResult } from "./update-policy.ts";

const share = (flags: readonly boolean[]): number =>
  flags.length === 0 ? 0 : flags.filter(Boolean).length / flags.length;
const average = (values: readonly number[]): number => (values.length === 0 ? 0 : mean([...values]));

/** What the rollouts of one iteration came to. Names are documented in docs/recipes.md. */
export function rolloutNumbers(groups: readonly Group[]): RunMetrics {
  const all = groups.flatMap(({ trajectories }) => trajectories);
  const totals = all.map(({ reward }) => reward!.total);
  const metrics: RunMetrics = {
    reward: average(totals),
    "reward/mean": average(totals),
    "reward/std": totals.length > 1 ? standardDeviation(totals) : 0,
    "reward/min": min(totals),
    "reward/max": max(totals),
    searches: average(all.map(({ searches }) => searches.length)),
    "policy-tokens": average(all.map(({ usage }) => usage.policyTokens ?? 0)),
    "environment-tokens": average(all.map(({ usage }) => usage.environmentTokens ?? 0)),
    "answer-rate": share(all.map(({ stop }) => stop?.reason === "finished")),
    "truncated-rate": share(all.map(({ stop }) => truncated.has(stop?.reason ?? ""))),
    "valid-format-rate": share(all.map(hasValidFormat)),
    "duplicate-queries": share(all.map(repeatsQuery)),
    "zero-variance-share": share(groups.map(withoutSpread)),
    repetition: average(all.map(repetition)),
  };
  const names = new Set(all.flatMap(({ reward }) => reward!.components.map(({ name }) => name)));
  for (const name of names) {
    const values = all.map(({ reward }) => reward!.components.find((each) => each.name === name)?.value ?? 0);
    metrics[`reward/${name}`] = average(values);
    metrics[`reward/${name}/non-zero`] = share(values.map((value) => value !== 0));
  }
  const rules = new Map<string, number>();
  for (const { reward } of all)
    for (const { violations } of reward!.components)
      for (const { rule } of violations) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  for (const [rule, count] of rules) metrics[`rule/${rule}`] = count / all.length;
  return metrics;
}

const truncated = new Set(["segment-limit", "token-limit", "time-limit", "turn-limit"]);

export function hasValidFormat({ reward }: Trajectory): boolean {
  return reward!.components.every(({ name, violations }) => name !== "format" || violations.length === 0);
}

function repeatsQuery({ searches }: Trajectory): boolean {
  return new Set(searches.map(({ query }) => query.toLowerCase())).size < searches.length;
}

/** Share of the policy's groups of four words that it wrote before: thinking that has degenerated into a loop nears 1. */
function repetition({ text, segments }: Trajectory): number {
  const words = segments
    .filter(({ origin }) => origin === "policy")
    .flatMap(({ start, end }) => text.slice(start, end).split(/\s+/))
    .filter(Boolean);
  const groups = Array.from({ length: Math.max(0, words.length - 3) }, (_, at) => words.slice(at, at + 4).join(" "));
  return groups.length === 0 ? 0 : 1 - new Set(groups).size / groups.length;
}

/**
 * What the update saw. `entropy` is the mean of −log π over sampled tokens, an estimate of the policy's entropy from its own samples;
 * ratios compare the trainer before the first step with the sampler.
 */
export function updateNumbers(
  sequences: readonly MaskedSequence[],
  advantages: Advantages,
  rewards: readonly number[],
  update: UpdateResult,
  low: number,
  high: number,
): RunMetrics {
  // Sums are kept by sequence: of a million tokens in one row, the last digits of a plain sum would be noise.
  const sampled: TokenSum[] = [];
  const correct: TokenSum[] = [];
  const gaps: TokenSum[] = [];
  let outside = 0;
  let largest = 0;
  const best = Math.max(...rewards);
  sequences.forEach(({ mask, logprobs }, index) => {
    const trained = update.logprobs.get(index);
    const old = logprobs!;
    const own = { sum: 0, tokens: 0 };
    const gap = { sum: 0, tokens: 0 };
    eachStretch(mask, (from, to) => {
      own.sum += sumOf(old, from, to);
      own.tokens += to - from;
      if (!trained) return;
      for (let token = from; token < to; token++) {
        const difference = trained[token]! - old[token]!;
        const ratio = Math.exp(difference);
        gap.sum += difference;
        largest = Math.max(largest, ratio);
        if (ratio < 1 - low || ratio > 1 + high) outside++;
      }
      gap.tokens += to - from;
    });
    sampled.push(own);
    if (rewards[index]! >= best && best > 0) correct.push(own);
    gaps.push(gap);
  });
  const counted = tokensOf(gaps);
  const measured =
    tokensOf(sampled) === 0
      ? {}
      : {
          entropy: -perToken(sampled),
          kl: average([...advantages.klMeans]),
          "advantage/std": advantages.centred.length > 1 ? standardDeviation([...advantages.centred]) : 0,
        };
  const compared =
    counted === 0
      ? {}
      : { "ratio-max": largest, "clip-fraction": outside / counted, "kl/sampler-trainer": -perToken(gaps) };
  return {
    ...measured,
    ...compared,
    ...(tokensOf(correct) > 0 ? { "correct-logprob": perToken(correct) } : {}),
    ...(update.gradientNorm === undefined ? {} : { "gradient-norm": update.gradientNorm }),
    "learning-rate": update.learningRate,
    steps: update.steps,
  };
}

/** A sum over tokens of one sequence. */
interface TokenSum {
  sum: number;
  tokens: number;
}

function tokensOf(sums: readonly TokenSum[]): number {
  return sums.reduce((all, { tokens }) => all + tokens, 0);
}

function perToken(sums: readonly TokenSum[]): number {
  return sum(sums.map((each) => each.sum)) / tokensOf(sums);
}
