import { readFileSync } from "node:fs";
import { mean } from "simple-statistics";
import { z } from "zod";
import { Recipe } from "../../protocol/recipe.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { PolicyScores } from "./evaluate-checkpoints.ts";
import type { SeedRun } from "./prove-seed.ts";

const Metrics = z.record(z.string(), z.number());

/** What the report says of one seed. */
const SeedResult = z.object({
  recipe: Recipe,
  /** Why the run ended. */
  ended: z.string(),
  supervised: z.array(z.object({ step: z.int(), loss: z.number() })),
  /** Metrics by iteration. */
  iterations: z.array(z.object({ iteration: z.int(), metrics: Metrics })),
  /** Seconds from the run's launch to its end, and of it in the supervised start. */
  seconds: z.number(),
  supervisedSeconds: z.number(),
  spent: z.object({ policyTokens: z.number(), trainedTokens: z.number(), searches: z.number() }),
  scores: z.array(PolicyScores),
});
export type SeedResult = z.infer<typeof SeedResult>;

/** A proof as it is kept: what it ran on, and each seed. */
export const ProofResults = z.object({
  size: z.string(),
  /** What was called, as the report says it. */
  command: z.string(),
  machine: z.string(),
  /** Package and version of what the engine computed with. */
  versions: z.record(z.string(), z.string()),
  corpora: z.array(z.string()),
  passages: z.int(),
  /** What a reader must know of how it went. */
  notes: z.array(z.string()).default([]),
  seeds: z.array(SeedResult).min(1),
});
export type ProofResults = z.infer<typeof ProofResults>;

export function readProofResults(file: string): ProofResults {
  return ProofResults.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Metrics that the report names; the others stay with the run. */
const named = [
  ...["reward", "valid-format-rate", "answer-rate", "searches", "entropy", "gradient-norm", "policy-tokens"],
  ...["time/publish", "time/rollouts", "time/train"],
];

/** The part of a seed's run that the report needs. */
export function seedResult({ recipe, ended, events, scores }: SeedRun): SeedResult {
  const latest = new Map(
    events.flatMap((event) => (event.type === "iteration" ? [[event.iteration, event.metrics] as const] : [])),
  );
  const spending = events.flatMap((event) => (event.type === "spending" ? [event.spending] : [])).at(-1);
  return {
    recipe,
    ended,
    supervised: events.flatMap((event) =>
      event.type === "supervised" ? [{ step: event.step, loss: event.metrics["loss"]! }] : [],
    ),
    iterations: [...latest].map(([iteration, metrics]) => ({
      iteration,
      metrics: Object.fromEntries(named.flatMap((name) => (name in metrics ? [[name, metrics[name]!]] : []))),
    })),
    seconds: spending?.seconds ?? 0,
    supervisedSeconds: phaseSeconds(events, "supervised"),
    spent: {
      policyTokens: spending?.policyTokens ?? 0,
      trainedTokens: spending?.trainedTokens ?? 0,
      searches: spending?.searches ?? 0,
    },
    scores: [...scores],
  };
}

function phaseSeconds(events: readonly RunEvent[], phase: string): number {
  return events.reduce(
    (sum, event) => sum + (event.type === "phase" && event.phase === phase ? (event.seconds ?? 0) : 0),
    0,
  );
}

/** Each question's mean over the seeds that were asked it, for each policy, temperature and set; questions by their ids. */
export function meanScores(seeds: readonly (readonly PolicyScores[])[]): PolicyScores[] {
  return seeds[0]!.map((first) => {
    const same = seeds.flatMap((scores) =>
      scores.filter(
        (each) => each.name === first.name && each.temperature === first.temperature && each.set === first.set,
      ),
    );
    const ids = [...new Set(same.flatMap((scores) => scores.ids))];
    const means = (key: "f1" | "em" | "form" | "searches" | "found"): number[] => {
      const values = new Map<string, number[]>();
      for (const scores of same)
        scores[key].forEach((value, at) => {
          const id = scores.ids[at]!;
          values.set(id, [...(values.get(id) ?? []), value]);
        });
      return ids.flatMap((id) => (values.has(id) ? [mean(values.get(id)!)] : []));
    };
    return {
      ...{ name: first.name, temperature: first.temperature, set: first.set, ids },
      ...{ f1: means("f1"), em: means("em"), form: means("form") },
      ...{ searches: means("searches"), found: means("found") },
    };
  });
}
