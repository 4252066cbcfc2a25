import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecipeInput } from "../../protocol/recipe.ts";
import { modelFromGguf } from "../../server/engine/gguf/from-gguf.ts";
import { cacheHome } from "../../server/home.ts";
import type { ProofQuestions } from "./proof-questions.ts";
import type { ProofSize } from "./proof-size.ts";

export interface ProofRecipe {
  folder: string;
  questions: ProofQuestions;
  size: ProofSize;
  seed: number;
  /** GGUF of SmolLM2-135M-Instruct; absent: the one in the cache. */
  gguf?: string;
  /** Of training, the supervised start included; absent: as long as it takes. */
  minutes?: number;
}

/** Writes profile, model and the recipe of one seed, each once. Answers the recipe's path. */
export function writeProofRecipe({ folder, questions, size, seed, gguf, minutes }: ProofRecipe): string {
  mkdirSync(folder, { recursive: true });
  const profile = "searchlight-small.rollout-profile.json";
  copyFileSync(join(import.meta.dirname, profile), join(folder, profile));
  const model = join(folder, "model");
  if (size.model === "smollm2" && !existsSync(join(model, "config.json")))
    modelFromGguf(gguf ?? join(cacheHome(), "models", "smollm2-135m-instruct-q4_1", "model.gguf"), model);
  const recipe: RecipeInput = {
    version: 1,
    name: "searchlight-small",
    about: size.about,
    seed,
    model: { base: size.model === "tiny" ? "tiny" : "model", rank: 16 },
    engine: size.engine,
    data: questions.training.map((file) => ({ file })),
    retrieval: { index: "passages.jsonl", passages: 1 },
    profile,
    limits: { contextTokens: 384 },
    supervised: size.supervised,
    stages: [size.stage],
    evaluation: {
      data: questions.heldOut.slice(0, size.inRun ? undefined : 2).map(({ file }) => ({ file, limit: size.watched })),
      every: size.inRun ? size.saved : 1000,
      temperature: 0,
    },
    checkpoints: { every: size.saved, keep: 1000 },
    ...(minutes === undefined ? {} : { budget: { minutes } }),
  };
  const file = join(folder, `searchlight-small${seed === 1 ? "" : `-${seed}`}.recipe.jsonc`);
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(recipe, undefined, 2)}\n`);
  return file;
}
