import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Recipe, type RecipeInput } from "../../../protocol/recipe.ts";
import { checkRecipe } from "../../../server/check-recipe.ts";
import { sampleRecipe, writeRecipe } from "../../fixtures/training-recipe.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-check-"));
  writeRecipe(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function fields(changes: Partial<RecipeInput>): Promise<string[]> {
  const { problems } = await checkRecipe(Recipe.parse(sampleRecipe(changes)), folder, AbortSignal.timeout(30_000));
  for (const { message } of problems) expect(message).toMatch(/[.]$/);
  return problems.map(({ field, severity }) => `${severity} ${field}`);
}

test("a sound recipe has no problem and an estimate; each thing that is missing is told at its field", async () => {
  expect(await fields({})).toEqual([]);
  const stage = sampleRecipe().stages[0]!;
  expect(await fields({ profile: "none-such" })).toEqual(["error profile"]);
  expect(await fields({ stages: [{ ...stage, reward: "none-such" }] })).toEqual(["error stages.0.reward"]);
  expect(await fields({ data: [{ file: "gone.jsonl" }] })).toEqual(["error data.0.file"]);
  expect(await fields({ model: { base: "no-model" } })).toEqual(["error model.base"]);
  expect(await fields({ retrieval: { index: "gone" } })).toEqual(["error retrieval.index", "error model.base"]);
  expect(await fields({ retrieval: { index: "documents", mode: "vectors" } })).toEqual(["error retrieval.mode"]);
  writeFileSync(join(folder, "empty.jsonl"), `${JSON.stringify({ id: "a", question: "Why?", golds: [] })}\n`);
  expect(await fields({ data: [{ file: "empty.jsonl" }] })).toEqual(["error data.0.file"]);
  const learningRate = { peak: 0.001 };
  expect(await fields({ supervised: { files: ["gone.jsonl"], learningRate } })).toEqual(["error supervised.files.0"]);
});

test("an engine elsewhere that does not answer is told before anything starts", async () => {
  const engine = { kind: "remote", url: "http://127.0.0.1:9" } as const;
  expect(await fields({ engine })).toEqual(["error engine.url"]);
});

test.skipIf(existsSync("/dev/nvidia0"))("a GPU that is not there is told before anything starts", async () => {
  expect(await fields({ engine: { kind: "local", device: "cuda" } })).toEqual(["error engine.device"]);
});
