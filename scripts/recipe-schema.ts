import { writeFileSync } from "node:fs";
import { z } from "zod";
import { Recipe } from "../protocol/recipe.ts";

export const recipeSchemaFile = "media/schemas/recipe.schema.json";

/** The shape of a recipe as the editor's JSON support reads it: completion, hovers, and a squiggle at a wrong field. */
export function recipeSchema(): string {
  const schema = z.toJSONSchema(Recipe, { target: "draft-7", io: "input" });
  return `${JSON.stringify({ title: "Searchlight recipe", allowComments: true, allowTrailingCommas: true, ...schema }, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(recipeSchemaFile, recipeSchema());
