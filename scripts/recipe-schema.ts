import { writeFileSync } from "node:fs";
import { z } from "zod";
import { Recipe } from "../protocol/recipe.ts";

export const recipeSchemaFile = "media/schemas/recipe.schema.json";
export const recipePageFile = "docs/recipes.md";

/** The shape of a recipe as the editor's JSON support reads it: completion, hovers, and a squiggle at a wrong field. */
export function recipeSchema(): string {
  const schema = z.toJSONSchema(Recipe, { target: "draft-7", io: "input" });
  return `${JSON.stringify({ title: "Searchlight training recipe", ...schema }, null, 2)}\n`;
}

interface Node {
  description?: string;
  type?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
  oneOf?: Node[];
}

/** The page about recipes: an introduction, every field from the schema, and what the loop measures. */
export function recipePage(): string {
  const root = z.toJSONSchema(Recipe, { target: "draft-7", io: "input" }) as Node;
  return `# Recipes

Written by \`node scripts/recipe-schema.ts\` from the schema in \`protocol/recipe.ts\`.

A recipe (\`*.recipe.jsonc\`, JSON with comments) is the only description of a training run. Paths in it are relative to the file. In the editor
it has completion, hovers and diagnostics; \`searchlight train RECIPE --dry-run\` runs two iterations of it on a tiny model, checks masks and
rewards, and says what the whole run would cost. A sample stands in \`samples/observatory/training/\`.

## Fields

| field | what | default |
|---|---|---|
${rows(root, "").join("\n")}

## What an iteration records

| metric | what |
|---|---|
${metrics.map(([name, what]) => `| \`${name}\` | ${what} |`).join("\n")}

A health monitor names one of: \`entropy\`, \`kl\`, \`gradient-norm\`, \`answer-rate\`, \`valid-format-rate\`, \`searches\`, \`policy-tokens\`, \`truncated-rate\`,
\`duplicate-queries\`, \`zero-variance-share\`, \`correct-logprob\`, \`reward\`, \`ratio-max\`, \`repetition\`. Any number that is not finite pauses the run; going on
restores the last checkpoint.
`;
}

function rows(node: Node, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const at = `${path}${name}`;
    if (name === "$schema") return [];
    return [row(at, child, node.required?.includes(name) ?? false), ...below(child, at)];
  });
}

function below(node: Node, at: string): string[] {
  if (node.items?.properties) return rows(node.items, `${at}[].`);
  const kinds = node.oneOf ?? node.anyOf;
  if (kinds?.some(({ properties }) => properties)) {
    const seen = new Set<string>();
    return kinds.flatMap((kind) => rows(kind, `${at}.`)).filter((line) => !seen.has(line) && seen.add(line));
  }
  return rows(node, `${at}.`);
}

function row(at: string, node: Node, required: boolean): string {
  const values = node.enum ? `One of ${node.enum.map((value) => `\`${String(value)}\``).join(", ")}. ` : "";
  const shown =
    node.default === undefined || typeof node.default === "object" ? "" : `\`${JSON.stringify(node.default)}\``;
  const text = `${values}${node.description ?? ""}`.replaceAll("|", "\\|");
  return `| \`${at}\` | ${text} | ${required && !shown ? "required" : shown} |`;
}

const metrics: readonly (readonly [string, string])[] = [
  ["reward/mean, /std, /min, /max", "total reward over the iteration's rollouts; `reward` is the mean"],
  [
    "reward/NAME, reward/NAME/non-zero",
    "mean value of a reward component, and the share of rollouts in which it is not 0",
  ],
  ["rule/NAME", "broken rules per rollout"],
  ["advantage/std", "spread of the centred rewards"],
  [
    "kl, kl/coefficient",
    "mean KL estimate to the reference policy in nats per token; 0 where it is not measured; what it is multiplied with",
  ],
  [
    "kl/sampler-trainer",
    "mean of log π of the sampler minus that of the trainer before the first update: how far apart the two are",
  ],
  ["entropy", "mean of −log π over sampled tokens, an estimate of the entropy in nats"],
  ["ratio-max, clip-fraction", "largest probability ratio before the update, and the share of tokens outside the clip"],
  [
    "gradient-norm, learning-rate, steps",
    "largest norm and last rate of the iteration's optimiser steps, and how many there were",
  ],
  ["correct-logprob", "mean log π of the tokens of the best rollouts with a positive reward"],
  [
    "answer-rate, truncated-rate",
    "share of rollouts that ended with an answer, and that met a limit of tokens, turns or time",
  ],
  ["valid-format-rate", "share of rollouts without a broken rule of format"],
  ["searches, duplicate-queries", "searches per rollout; share of rollouts that ask a query again"],
  [
    "policy-tokens, environment-tokens",
    "tokens per rollout that the policy wrote, and that the environment inserted: masked",
  ],
  ["zero-variance-share", "share of groups whose rewards are all equal"],
  ["repetition", "share of four-word groups of a rollout that it wrote before"],
  ["time/PHASE", "seconds of a phase"],
];

if (import.meta.main) {
  writeFileSync(recipeSchemaFile, recipeSchema());
  writeFileSync(recipePageFile, recipePage());
}
