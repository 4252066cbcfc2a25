import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelFromGguf } from "../../server/engine/gguf/from-gguf.ts";
import { cacheHome } from "../../server/home.ts";
import type { RecipeInput } from "../../protocol/recipe.ts";
import { type FactPassage, singleFacts, snippet } from "./single-facts.ts";

/** Decides the questions, which are the same for every seed of the recipe. */
const questionSeed = 1;
/** Words of a passage in the proof's corpus: what keeps a whole transcript within 256 tokens. */
const words = 40;

const sets = { training: 400, heldOut: 128 } as const;

/** Writes corpus, questions, profile, model and the recipe of one seed, each once. Answers the recipe's path. */
export function writeProofRecipe(folder: string, passagesFile: string, seed: number): string {
  mkdirSync(folder, { recursive: true });
  const passages = readFileSync(passagesFile, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as FactPassage)
    .map((passage) => ({ ...passage, text: snippet(passage.text, words) }));
  const { training, heldOut } = singleFacts(passages, questionSeed);
  lines(join(folder, "passages.jsonl"), passages);
  lines(join(folder, "training.jsonl"), training.slice(0, sets.training));
  lines(join(folder, "held-out.jsonl"), heldOut.slice(0, sets.heldOut));
  const profile = "searchlight-small.rollout-profile.json";
  copyFileSync(join(import.meta.dirname, profile), join(folder, profile));
  const model = join(folder, "model");
  if (!existsSync(join(model, "config.json")))
    modelFromGguf(join(cacheHome(), "models", "smollm2-135m-instruct-q4_1", "model.gguf"), model);
  const recipe: RecipeInput = {
    version: 1,
    name: "searchlight-small",
    about: "SmolLM2-135M-Instruct learns to search and answer single facts on a CPU.",
    seed,
    model: { base: "model", rank: 16 },
    engine: { kind: "local", samplingWidth: 32, microBatch: 8 },
    data: [{ file: "training.jsonl" }],
    retrieval: { index: "passages.jsonl", passages: 1 },
    profile,
    limits: { contextTokens: 384 },
    supervised: {
      experts: true,
      minReward: 0.99,
      epochs: 100,
      steps: 40,
      batch: 8,
      learningRate: { peak: 1e-3, schedule: "linear", warmup: 0.1 },
    },
    stages: [
      {
        name: "answers",
        reward: "paper-stage2",
        iterations: 16,
        prompts: 4,
        rollouts: 8,
        minibatch: 32,
        estimator: "reinforce++-baseline",
        learningRate: { peak: 4e-4 },
      },
    ],
    evaluation: { data: [{ file: "held-out.jsonl", limit: 32 }], every: 1000, temperature: 0 },
    checkpoints: { every: 4, keep: 1000 },
  };
  const file = join(folder, `searchlight-small${seed === 1 ? "" : `-${seed}`}.recipe.jsonc`);
  const text = `${JSON.stringify(recipe, undefined, 2)}\n`;
  if (!existsSync(file)) writeFileSync(file, text);
  return file;
}

function lines(file: string, rows: readonly object[]): void {
  if (!existsSync(file)) writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
