import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { recipeSchema, recipeSchemaFile } from "../../../scripts/recipe-schema.ts";

test("the editor's schema of recipes says what the program's says", () => {
  expect(JSON.parse(readFileSync(recipeSchemaFile, "utf8"))).toEqual(JSON.parse(recipeSchema()));
});

test("the editor reads it for files of that name", () => {
  const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { jsonValidation: { fileMatch: string[]; url: string }[] };
  };
  expect(contributes.jsonValidation).toContainEqual({ fileMatch: ["*.recipe.jsonc"], url: `./${recipeSchemaFile}` });
});

test("a field's hover says what the field does", () => {
  const { properties } = JSON.parse(recipeSchema()) as {
    properties: { stages: { items: { properties: Record<string, { description?: string }> } } };
  };
  const silent = Object.entries(properties.stages.items.properties).filter(([, { description }]) => !description);
  expect(silent.map(([name]) => name)).toEqual([]);
});
