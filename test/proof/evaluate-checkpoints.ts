import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mean } from "simple-statistics";
import { z } from "zod";
import { Recipe } from "../../protocol/recipe.ts";
import type { Passage } from "../../protocol/passage.ts";
import type { RunCheckpoint } from "../../protocol/run.ts";
import { answerMetrics } from "../../server/evaluation/answer-metrics.ts";
import type { EvaluationQuestion } from "../../server/evaluation/data-sets/question.ts";
import { openRecipe } from "../../server/open-recipe.ts";
import type { Profile } from "../../server/rollout/profile.ts";
import { answerText } from "../../server/rollout/answer-text.ts";
import { evaluatePolicy } from "../../server/training/loop/evaluate-policy.ts";
import type { Group } from "../../server/training/loop/sample-groups.ts";
import { samplerPolicy } from "../../server/training/sampler-policy.ts";
import { plainTitle } from "./single-facts.ts";
import type { HeldOutSet } from "./proof-questions.ts";
import { setsById } from "./sets-by-id.ts";

const numbers = z.array(z.number());

/** What one policy did with each question of one set. */
export const PolicyScores = z.object({
  name: z.string(),
  temperature: z.number(),
  /** Name of the set. */
  set: z.string(),
  /** Questions, in the order of the numbers. */
  ids: z.array(z.string()),
  f1: numbers,
  em: numbers,
  /** 1 where the form is valid. */
  form: numbers,
  searches: numbers,
  /** Share of the pages that state the answer which a search found; empty where it was not looked at. */
  found: numbers,
});
export type PolicyScores = z.infer<typeof PolicyScores>;

export interface CheckpointsRequest {
  recipe: Recipe;
  /** Folder that the recipe's paths are relative to. */
  base: string;
  /** Of the run, whose engine's files hold the checkpoints. */
  folder: string;
  policies: readonly { name: string; checkpoint: RunCheckpoint }[];
  sets: readonly HeldOutSet[];
  /** Most questions of each set. */
  limit: number;
  /** Where finished scores are kept. */
  cache: string;
  say(line: string): void;
  signal: AbortSignal;
}

const temperatures = [0, 1] as const;

/** Samples each checkpoint on the sets' questions, greedily and at temperature 1, with the same seeds for all. */
export async function evaluateCheckpoints(request: CheckpointsRequest): Promise<PolicyScores[]> {
  const { base, folder, policies, sets, limit, cache, say, signal } = request;
  const scores = existsSync(cache) ? z.array(PolicyScores).parse(JSON.parse(readFileSync(cache, "utf8"))) : [];
  const known = (name: string, temperature: number): boolean =>
    scores.some((each) => each.name === name && each.temperature === temperature);
  if (policies.every(({ name }) => temperatures.every((temperature) => known(name, temperature)))) return scores;
  const recipe = Recipe.parse({
    ...request.recipe,
    evaluation: { data: sets.map(({ file }) => ({ file, limit })), temperature: 0 },
  });
  const setOf = await setsById(base, sets);
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
    // The latest policy first: what a time limit cuts off is the policy that says least.
    for (const { name, checkpoint } of policies.toReversed()) {
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
        for (const { name: set } of sets) {
          const own = groups.filter(({ question }) => setOf.get(question.id) === set);
          const rows = own.map((group) => numbersOf(group, profile));
          const column = (key: keyof (typeof rows)[number]): number[] => rows.map((row) => row[key]);
          scores.push({
            ...{ name, temperature, set, ids: own.map(({ question }) => question.id) },
            ...{ f1: column("f1"), em: column("em"), form: column("form") },
            ...{ searches: column("searches"), found: column("found") },
          });
          say(`${name} at T = ${temperature}, ${set}: f1 ${mean(column("f1")).toFixed(3)}`);
        }
        writeFileSync(cache, JSON.stringify(scores));
      }
      await model.unload(signal);
    }
  } finally {
    await opened.close();
  }
  return scores;
}

function numbersOf(
  { question, trajectories: [trajectory] }: Group,
  profile: Profile,
): Record<"f1" | "em" | "form" | "searches" | "found", number> {
  const { f1, em } = answerMetrics(answerText(trajectory!, profile), question.golds, profile.normaliser);
  return {
    f1,
    em,
    form: Number(
      trajectory!.reward!.components.every((each) => each.name !== "format" || each.violations.length === 0),
    ),
    searches: trajectory!.searches.length,
    found: foundShare(
      question,
      trajectory!.searches.flatMap(({ hits, insertedHits }) =>
        hits.slice(0, insertedHits).map(({ passage }) => passage),
      ),
    ),
  };
}

function foundShare({ supports }: EvaluationQuestion, passages: readonly Passage[]): number {
  const wanted = supports.map((support) =>
    passages.some(({ id, title }) =>
      support.kind === "passage" ? id === support.id : support.kind === "page" && plainTitle(title) === support.name,
    ),
  );
  return wanted.length === 0 ? 0 : wanted.filter(Boolean).length / wanted.length;
}
