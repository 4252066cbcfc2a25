import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { monitorNames } from "../../../protocol/recipe.ts";
import { recipePage, recipePageFile, recipeSchema, recipeSchemaFile } from "../../../scripts/recipe-schema.ts";

test("the editor's schema of recipes says what the program reads", () => {
  expect(JSON.parse(readFileSync(recipeSchemaFile, "utf8"))).toEqual(JSON.parse(recipeSchema()));
});

test("the page about recipes is the one that the schema gives, and names every monitor", () => {
  const page = readFileSync(recipePageFile, "utf8");
  expect(page).toBe(recipePage());
  for (const name of monitorNames) expect(page).toContain(`\`${name}\``);
});
