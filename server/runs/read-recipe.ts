import { readFileSync, statSync } from "node:fs";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
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
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown"})`;
    return no(`${file} ${why}; give the path of a recipe, such as x.recipe.jsonc.`);
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
  const problems = parsed.error.issues.slice(0, 50).map((issue): RecipeProblem => {
    const field = issue.path.map(String).join(".");
    return { field, severity: "error", message: `${field || "The recipe"}${whatIsWrong(issue)}.` };
  });
  return { ok: false, problems };
}

/** A fault as the end of a sentence that begins with its field. */
function whatIsWrong(issue: z.core.$ZodIssue): string {
  const { message } = issue;
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(" and ");
    return ` has no field ${keys}; look for a slip of the pen, or take it out (docs/recipes.md lists the fields)`;
  }
  if (message.endsWith("received undefined")) return " is missing; docs/recipes.md says what it holds";
  return `: ${message.replace(/^Invalid input: /, "")}`;
}
