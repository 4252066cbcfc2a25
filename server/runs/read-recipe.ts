import { readFileSync, statSync } from "node:fs";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { Recipe } from "../../protocol/recipe.ts";
import type { RecipeProblem } from "./run-host.ts";

const largestBytes = 2 ** 20;

export type RecipeReading = { ok: true; recipe: Recipe } | { ok: false; problems: RecipeProblem[] };

/** Reads a recipe's file. */
export function readRecipeFile(file: string): { text: string; reading: RecipeReading } {
  const no = (message: string): { text: string; reading: RecipeReading } => ({
    text: "",
    reading: { ok: false, problems: [{ field: "", severity: "error", message }] },
  });
  try {
    if (statSync(file).size > largestBytes) return no(`${file} is larger than a recipe can be; give a recipe's file.`);
    const text = readFileSync(file, "utf8");
    return { text, reading: readRecipe(text) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return no(`${file} cannot be read (${code ?? "unknown"}); give the path of a recipe, such as x.recipe.jsonc.`);
  }
}

/** Reads a recipe's text, JSON with comments: the recipe with its defaults filled in, or every problem with its field. */
export function readRecipe(text: string): RecipeReading {
  const errors: ParseError[] = [];
  let value: unknown;
  try {
    value = parse(text, errors, { allowTrailingComma: true });
  } catch {
    // The parser calls itself for each level, and its stack has an end.
    const message = "The recipe nests deeper than any recipe does; give a recipe's file.";
    return { ok: false, problems: [{ field: "", severity: "error", message }] };
  }
  const [first] = errors;
  if (first) {
    const line = text.slice(0, first.offset).split("\n").length;
    const message = `The recipe is no JSON with comments: ${printParseErrorCode(first.error)} in line ${line}.`;
    return { ok: false, problems: [{ field: "", severity: "error", message }] };
  }
  const parsed = Recipe.safeParse(value);
  if (parsed.success) return { ok: true, recipe: parsed.data };
  const problems = parsed.error.issues.slice(0, 50).map(({ path, message }): RecipeProblem => ({
    field: path.map(String).join("."),
    severity: "error",
    message: `${path.map(String).join(".") || "The recipe"}: ${message}.`,
  }));
  return { ok: false, problems };
}
