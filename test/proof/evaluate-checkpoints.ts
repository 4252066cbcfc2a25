import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Recipe } from "../../protocol/recipe.ts";
import type { RunCheckpoint } from "../../protocol/run.ts";
import { answerMetrics } from "../../server/evaluation/answer-metrics.ts";
import { openRecipe } from "../../server/open-recipe.ts";
import { answerText } from "../../server/rollout/answer-text.ts";
import { evaluatePolicy } from "../../server/training/loop/evaluate-policy.ts";
import { samplerPolicy } from "../../server/training/sampler-policy.ts";

/** What one policy did with each question, in the order of the questions. */
export interface PolicyScores {
  name: string;
  temperature: number;
  f1: number[];
  em: number[];
  /** 1 where the form is valid. */
  form: number[];
  searches: number[];
}

export interface CheckpointsRequest {
  recipe: Recipe;
  /** Folder that the recipe's paths are relative to. */
  base: string;
  /** Of the run, whose engine's files hold the checkpoints. */
  folder: string;
  policies: readonly { name: string; checkpoint: RunCheckpoint }[];
  /** Where finished scores are kept. */
  cache: string;
  say(line: string): void;
  signal: AbortSignal;
}

const temperatures = [0, 1] as const;

/** Samples each checkpoint on the recipe's evaluation questions, greedily and at temperature 1, with the same seeds for all. */
export async function evaluateCheckpoints(request: CheckpointsRequest): Promise<PolicyScores[]> {
  const { recipe, base, folder, policies, cache, say, signal } = request;
  const scores: PolicyScores[] = existsSync(cache) ? (JSON.parse(readFileSync(cache, "utf8")) as PolicyScores[]) : [];
  const known = (name: string, temperature: number): boolean =>
    scores.some((each) => each.name === name && each.temperature === temperature);
  if (policies.every(({ name }) => temperatures.every((temperature) => known(name, temperature)))) return scores;
  const opened = await openRecipe({
    recipe,
    base,
    engineHome: join(folder, "engine"),
    folder,
    signal,
    onProgress: say,
  });
  try {
    const { engine, tokenizer, endIds, profile } = opened.parts;
    for (const { name, checkpoint } of policies) {
      const model = await engine.createModel(
        { rank: recipe.model.rank, seed: recipe.seed, from: { path: checkpoint.path, optimiser: false } },
        signal,
      );
      const policy = samplerPolicy({
        sampler: await model.publish(signal),
        tokenizer,
        endIds,
        ref: { id: `tinker:${name}`, kind: "tinker", label: name },
        contextLength: Math.min(engine.capabilities.contextLength, recipe.limits.contextTokens ?? Infinity),
        signal,
      });
      for (const temperature of temperatures) {
        if (known(name, temperature)) continue;
        const parts = { ...opened.parts, recipe: { ...recipe, evaluation: { ...recipe.evaluation!, temperature } } };
        const { groups } = await evaluatePolicy(parts, policy, signal);
        const rows = groups.map(({ question, trajectories: [trajectory] }) => ({
          ...answerMetrics(answerText(trajectory!, profile), question.golds, profile.normaliser),
          form: Number(
            trajectory!.reward!.components.every((each) => each.name !== "format" || each.violations.length === 0),
          ),
          searches: trajectory!.searches.length,
        }));
        scores.push({
          name,
          temperature,
          f1: rows.map(({ f1 }) => f1),
          em: rows.map(({ em }) => em),
          form: rows.map(({ form }) => form),
          searches: rows.map(({ searches }) => searches),
        });
        writeFileSync(cache, JSON.stringify(scores));
        say(
          `${name} at T = ${temperature}: f1 ${(rows.reduce((sum, { f1 }) => sum + f1, 0) / rows.length).toFixed(3)}`,
        );
      }
      await model.unload(signal);
    }
  } finally {
    await opened.close();
  }
  return scores;
}
