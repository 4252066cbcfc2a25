import { expect, test } from "vitest";
import { nearestName } from "../../../server/nearest-name.ts";
import { misspeltFields } from "../../../server/runs/read-recipe.ts";
import { recipeFieldsAt } from "../../../server/runs/recipe-fields.ts";
import { sampleRecipe } from "../../fixtures/training-recipe.ts";

test("the fields of a place are those of the recipe's schema there, of the kind that the recipe names", () => {
  expect(recipeFieldsAt([], {})).toEqual(expect.arrayContaining(["model", "stages", "health"]));
  expect(recipeFieldsAt(["stages", 0], {})).toContain("learningRate");
  expect(recipeFieldsAt(["stages", 0, "learningRate"], {})).toContain("peak");
  expect(recipeFieldsAt(["engine"], { engine: { kind: "remote" } })).toContain("url");
  expect(recipeFieldsAt(["engine"], { engine: { kind: "remote" } })).not.toContain("backend");
  expect(recipeFieldsAt(["engine"], { engine: { kind: "local" } })).toContain("backend");
  expect(recipeFieldsAt(["health"], {})).toContain("entropy");
  expect(recipeFieldsAt(["seed"], {})).toEqual([]);
  expect(recipeFieldsAt(["nothing", "there"], null)).toEqual([]);
});

test("a slip of the pen is near to the name that is meant, and another word is near to none", () => {
  const names = ["model", "rollouts", "samplingWidth", "seed"];
  const cases: [string, string | undefined][] = [
    ["modle", "model"],
    ["Model", "model"],
    ["rolouts", "rollouts"],
    ["samplingWdith", "samplingWidth"],
    ["seeds", "seed"],
    ["budget", undefined],
    ["x", undefined],
    ["", undefined],
    ["m".repeat(100_000), undefined],
  ];
  for (const [typed, meant] of cases) expect(nearestName(typed, names), typed.slice(0, 20)).toBe(meant);
});

test("misspelt fields are told where they stand, and what is wrong otherwise is not among them", () => {
  const [stage] = sampleRecipe().stages;
  const recipe = { ...sampleRecipe({ name: "NOT a name" }), stages: [{ ...stage, rolouts: 2, passses: 1, zzz: 1 }] };
  expect(misspeltFields(JSON.stringify(recipe)).map(({ field }) => field)).toEqual([
    "stages.0.rolouts",
    "stages.0.passses",
  ]);
  expect(misspeltFields(JSON.stringify(sampleRecipe()))).toEqual([]);
  expect(misspeltFields("{")).toEqual([]);
});
