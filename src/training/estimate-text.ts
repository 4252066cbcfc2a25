import type { RecipeProblem, RunEstimate } from "../../protocol/run-messages.ts";

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });

type Range = RunEstimate["searches"];

/** What a run would take, a fact a line. */
export function estimateLines(estimate: RunEstimate): string[] {
  const { rollouts, optimiserSteps, policyTokens, trainedTokens, searches, seconds, money } = estimate;
  return [
    `Rollouts: ${numbers.format(rollouts)}`,
    `Optimiser steps: ${numbers.format(optimiserSteps)}`,
    `Sampled tokens: ${between(policyTokens)}`,
    `Trained tokens: ${between(trainedTokens)}`,
    `Searches: ${between(searches)}`,
    seconds ? `Time: ${between(seconds, duration)}` : "Time: unknown, no rate was measured for this engine and model",
    ...(money ? [`Cost: ${between(money, (value) => `${value.toFixed(2)} ${money.currency}`)}`] : []),
  ];
}

/** The estimate and what was found wrong as a Markdown document. */
export function estimateDocument(
  name: string,
  problems: readonly RecipeProblem[],
  estimate: RunEstimate | undefined,
): string {
  return [
    `# What ${name} would take`,
    "",
    ...(estimate
      ? [
          ...estimateLines(estimate).map((line) => `- ${line}`),
          "",
          ...(estimate.found ? ["## Found", "", ...estimate.found.map((line) => `- ${line}`), ""] : []),
          "## Assumptions",
          "",
          ...estimate.assumptions.map((line) => `- ${line}`),
        ]
      : ["No estimate can be made before the problems below are solved."]),
    "",
    "## Checks",
    "",
    ...(problems.length === 0
      ? ["Nothing is wrong with it: engine, data, profile, rewards and disk were looked at."]
      : problems.map(
          ({ severity, field, message }) =>
            `- **${severity}**${field === "" ? "" : ` at \`${field.replaceAll("`", "")}\``}: ${message}`,
        )),
    "",
  ].join("\n");
}

function between(
  { expected, most }: Range,
  write: (value: number) => string = (value) => numbers.format(value),
): string {
  const [about, atMost] = [write(expected), write(most)];
  return about === atMost ? about : `about ${about}, at most ${atMost}`;
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
