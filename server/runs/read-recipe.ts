import { readFileSync, statSync } from "node:fs";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
import { Recipe, recipeVersion } from "../../protocol/recipe.ts";
import { recipeFieldsAt } from "./recipe-fields.ts";
import type { RecipeProblem } from "./run-host.ts";
import { whyUnread } from "../file-failure.ts";
import { perhaps, perhapsMeant } from "../nearest-name.ts";

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
    return no(`${file} ${whyUnread(error)}; give the path of a recipe, such as x.recipe.jsonc.`);
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
    const what = printParseErrorCode(first.error).replaceAll(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    const message = `The recipe is no JSON with comments: ${what.toLowerCase()} in line ${line}.`;
    return { ok: false, problems: [{ field: "", severity: "error", message }] };
  }
  const parsed = Recipe.safeParse(value);
  if (parsed.success) return { ok: true, recipe: parsed.data };
  const problems = parsed.error.issues.slice(0, 50).flatMap((issue) => problemsOf(issue, value));
  return { ok: false, problems };
}

/** The fields of a recipe's text whose names no recipe has and that are near to one that it may have. */
export function misspeltFields(text: string): RecipeProblem[] {
  const reading = readRecipe(text);
  return reading.ok ? [] : reading.problems.filter(({ message }) => message.includes(perhaps));
}

/** What is wrong at a place, each as a sentence that begins with its field. */
function problemsOf(issue: z.core.$ZodIssue, recipe: unknown): RecipeProblem[] {
  const { path, message } = issue;
  const place = path.map(String).join(".");
  const told = (field: string, what: string): RecipeProblem => ({
    field,
    severity: "error",
    message: `${place || "The recipe"}${what}.`,
  });
  const lists = "docs/recipes.md lists the fields";
  if (issue.code === "unrecognized_keys") {
    const known = recipeFieldsAt(path, recipe);
    return issue.keys.map((key) =>
      told(
        [...path.map(String), key].join("."),
        ` has no field ${JSON.stringify(key)}${perhapsMeant(key, known)}; mend its name or take it out, ${lists}`,
      ),
    );
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    const known = recipeFieldsAt(path.slice(0, -1), recipe);
    return [told(place, ` is no field that is known there${perhapsMeant(key, known)}; mend its name or take it out`)];
  }
  if (message.endsWith("received undefined")) return [told(place, " is missing; docs/recipes.md says what it holds")];
  if (place === "version")
    return [told(place, ` is another than ${recipeVersion}, which this Searchlight reads; update it`)];
  return [told(place, `: ${message.replace(/^Invalid (?:input|option): /, "")}`)];
}
