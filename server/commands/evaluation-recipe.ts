import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { z } from "zod";
import { CommandError, exitCodes } from "./output.ts";
import { whyUnread } from "../file-failure.ts";
import { perhapsMeant } from "../nearest-name.ts";

const text = z.string().min(1);
const whole = z.int().min(0);

/**
 * An evaluation as a file: JSON with comments, the same names as the command's options. What the command line says wins. Paths
 * are relative to the file.
 */
export const EvaluationRecipe = z.strictObject({
  data: text.optional(),
  index: text.optional(),
  policy: text.optional(),
  profile: text.optional(),
  embedder: text.optional(),
  mode: z.enum(["words", "vectors", "hybrid"]).optional(),
  limit: whole.optional(),
  seed: whole.optional(),
  out: text.optional(),
  reward: text.optional(),
  judge: text.optional(),
  concurrency: whole.optional(),
  skipBad: z.boolean().optional(),
});
export type EvaluationRecipe = z.infer<typeof EvaluationRecipe>;

/** Reads a recipe into option values as the command line would give them. A wrong field is named with what is wrong. */
export function readEvaluationRecipe(file: string): Record<string, string | boolean> {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(
      `The recipe ${file} ${whyUnread(error)}; give a file of options, or --data and --index instead.`,
      exitCodes.usage,
    );
  }
  const errors: ParseError[] = [];
  const data: unknown = parse(source, errors, { allowTrailingComma: true });
  const [wrong] = errors;
  if (wrong) {
    const line = source.slice(0, wrong.offset).split("\n").length;
    throw new CommandError(
      `The recipe ${file} is no JSON at line ${line}: ${printParseErrorCode(wrong.error)}.`,
      exitCodes.usage,
    );
  }
  const recipe = EvaluationRecipe.safeParse(data);
  if (!recipe.success) {
    const issue = recipe.error.issues[0]!;
    if (issue.code === "unrecognized_keys")
      throw new CommandError(
        `The recipe ${file} has no field ${JSON.stringify(issue.keys[0])}${perhapsMeant(issue.keys[0]!, Object.keys(EvaluationRecipe.shape))}; mend its name or take it out.`,
        exitCodes.usage,
      );
    const field = issue.path.map(String).join(".") || "the whole file";
    throw new CommandError(`The recipe ${file} is wrong at ${field}: ${issue.message}.`, exitCodes.usage);
  }
  const beside = (path: string): string => resolve(dirname(file), path);
  return Object.fromEntries(
    Object.entries(recipe.data).map(([name, value]) => {
      if (typeof value === "boolean") return [name, value];
      const said = String(value);
      if (name === "data" || name === "out") return [name, beside(said)];
      // An index or a profile may be a name or an address as well as a path.
      const path = (name === "index" || name === "profile") && existsSync(beside(said));
      return [name, path ? beside(said) : said];
    }),
  );
}
