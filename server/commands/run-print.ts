import type { RunEvent, RunSpending, RunSummary } from "../../protocol/run.ts";
import type { RecipeProblem, RunEstimate } from "../runs/run-host.ts";
import { counted } from "./counted.ts";
import { oneLine } from "./visible-text.ts";

/** One line for a person about an event, or nothing where it is no news. */
export function runLine(event: RunEvent): string | undefined {
  switch (event.type) {
    case "launched":
      return `${event.resumed ? "Resumed" : "Launched"} as process ${event.pid}`;
    case "state":
      return `${event.state}${event.reason ? `: ${event.reason}` : ""}`;
    case "plan":
      return [
        counted(event.iterations, "iteration"),
        ...(event.supervisedSteps > 0 ? [`${counted(event.supervisedSteps, "supervised step")} before`] : []),
        event.stages.map(({ name, iterations }) => `${name} ${iterations}`).join(", "),
      ].join("; ");
    case "supervised":
      return `supervised ${event.step}/${event.steps}  ${metrics(event.metrics, ["loss"])}`;
    case "iteration":
      return `iteration ${event.iteration + 1}  ${event.stage}  ${metrics(event.metrics, ["reward/mean", "kl", "entropy"])}`;
    case "evaluation":
      return `evaluation at ${event.iteration}  ${metrics(event.metrics)}${event.best ? "  best so far" : ""}`;
    case "checkpoint":
      return `checkpoint ${event.checkpoint.name}`;
    case "abandoned":
      return `Iterations after ${event.iteration + 1} were not saved and are done again`;
    case "health":
      return `${event.level}: ${event.message}`;
    case "log":
      return event.level === "info" ? event.message : `${event.level}: ${event.message}`;
    case "done":
      return `${event.outcome}: ${event.reason}`;
    case "phase":
    case "rollout-progress":
    case "group":
    case "spending":
      return undefined;
  }
}

/** What the run does right now, for a line that is written over. */
export function statusLine(event: RunEvent): string | undefined {
  if (event.type === "phase" && event.status === "begin") return `iteration ${event.iteration + 1}: ${event.phase}`;
  if (event.type === "rollout-progress")
    return `iteration ${event.iteration + 1}: rollouts ${event.done}/${event.total}`;
  return undefined;
}

export function spendingText({ policyTokens, trainedTokens, searches, seconds, money }: RunSpending): string {
  const parts = [
    `${policyTokens} tokens sampled`,
    `${trainedTokens} trained`,
    counted(searches, "search", "searches"),
    duration(seconds),
  ];
  return [...parts, ...(money > 0 ? [`money ${money.toFixed(2)}`] : [])].join(", ");
}

export function summaryLine({ id, name, state, iteration, iterations, reward, reason }: RunSummary): string {
  const progress = `${iteration}${iterations === undefined ? "" : `/${iterations}`}`;
  const told = reward === undefined ? "" : `reward ${reward.toFixed(3)}  `;
  return `${id}  ${state.padEnd(8)}  ${progress.padStart(7)}  ${name}  ${told}${oneLine(reason ?? "", 80)}`.trimEnd();
}

export function problemLine({ field, severity, message }: RecipeProblem): string {
  return `${severity}: ${field && !message.startsWith(field) ? `${field}: ` : ""}${message}`;
}

export function estimateLines(estimate: RunEstimate): string[] {
  const { rollouts, optimiserSteps, policyTokens, trainedTokens, searches, seconds, money, assumptions, found } =
    estimate;
  const range = ({ expected, most }: { expected: number; most: number }, show = (n: number) => count(n)): string =>
    `about ${show(expected)}, at most ${show(most)}`;
  return [
    ...(found ?? []),
    `Rollouts          ${count(rollouts)}, optimiser steps ${count(optimiserSteps)}`,
    `Tokens sampled    ${range(policyTokens)}`,
    `Tokens trained    ${range(trainedTokens)}`,
    `Searches          ${range(searches)}`,
    ...(seconds ? [`Time              ${range(seconds, duration)}`] : []),
    ...(money ? [`Money             ${range(money, (n) => `${n.toFixed(2)} ${money.currency}`)}`] : []),
    ...assumptions.map((assumption) => `  ${assumption}`),
  ];
}

function metrics(values: Record<string, number>, names?: readonly string[]): string {
  return Object.entries(values)
    .filter(([name]) => !names || names.includes(name))
    .slice(0, 8)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join("  ");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
