import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { z } from "zod";
import { annotationsPath } from "../../protocol/annotations.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { readRecipeFile } from "./read-recipe.ts";
import { type RecipeProblem, RunHostError } from "./run-host.ts";

/** Bounds of what travels with a recipe. */
export const uploadLimits = { files: 2_000, bytes: 64 * 2 ** 20 };

/** A name of one to eight parts, each of plain characters and none hidden: it cannot leave the folder that it is written to. */
const name = z
  .string()
  .max(400)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,79}){0,7}$/);

/** A recipe as it is sent to another machine: its text, and the files it names in base64 by the names it then has for them. */
export const RecipeUpload = z.object({
  recipe: z.string().max(2 ** 20),
  files: z.record(name, z.base64()),
});
export type RecipeUpload = z.infer<typeof RecipeUpload>;

export type Packing = { ok: true; upload: RecipeUpload } | { ok: false; problems: RecipeProblem[] };

/** Files that hold text or data that a retriever or a data set reads. */
const documents = new Set([
  ".md",
  ".markdown",
  ".txt",
  ".rst",
  ".html",
  ".htm",
  ".ipynb",
  ".json",
  ".jsonl",
  ".csv",
  ".tsv",
  ".parquet",
  ".tex",
]);

/**
 * Reads a recipe with the questions, documents, trajectories and profile that it names, and names them anew in its text. Throws
 * `RunHostError` `refused` where that is more than may travel, or what a recipe names cannot.
 */
export function packRecipe(recipeFile: string): Packing {
  const file = resolve(recipeFile);
  const { text, reading } = readRecipeFile(file);
  if (!reading.ok) return { ok: false, problems: reading.problems };
  const base = dirname(file);
  const { recipe } = reading;
  if (recipe.model.base !== "tiny" && existsSync(join(resolve(base, recipe.model.base), "config.json")))
    throw new RunHostError(
      "refused",
      `The model ${recipe.model.base} is a folder of this machine; put it on the other one and write the name that searchlight models lists there.`,
    );
  const files: Record<string, string> = {};
  let bytes = 0;
  const add = (path: string, as: string): void => {
    bytes += statSync(path).size;
    if (bytes > uploadLimits.bytes || Object.keys(files).length >= uploadLimits.files)
      throw new RunHostError(
        "refused",
        `What the recipe names is more than ${uploadLimits.bytes / 2 ** 20} MiB or ${uploadLimits.files} files; put it on the other machine and write its path there.`,
      );
    files[as] = readFileSync(path).toString("base64");
  };
  let edited = text;
  for (const [index, { path, value }] of namedFiles(recipe).entries()) {
    const named = resolve(base, value);
    if (!existsSync(named)) continue;
    const as = `${path[0] === "retrieval" ? "documents" : "data"}-${index}/${plain(basename(named))}`;
    if (statSync(named).isDirectory()) addFolder(named, as, add);
    else add(named, as);
    // Which trajectories a person excluded from training stands beside the file.
    const notes = annotationsPath(named);
    if (path[0] === "supervised" && existsSync(notes)) add(notes, annotationsPath(as));
    edited = applyEdits(edited, modify(edited, path, as, {}));
  }
  return { ok: true, upload: { recipe: edited, files } };
}

/** Every place of a recipe that may name a file. */
function namedFiles(recipe: Recipe): { path: (string | number)[]; value: string }[] {
  const sets = (list: Recipe["data"] | undefined, ...path: (string | number)[]) =>
    (list ?? []).map(({ file }, index) => ({ path: [...path, index, "file"], value: file }));
  return [
    ...sets(recipe.data, "data"),
    ...recipe.stages.flatMap(({ data }, index) => sets(data, "stages", index, "data")),
    ...sets(recipe.evaluation?.data, "evaluation", "data"),
    ...(recipe.supervised?.files ?? []).map((value, index) => ({ path: ["supervised", "files", index], value })),
    { path: ["retrieval", "index"], value: recipe.retrieval.index },
    ...(extname(recipe.profile) === ".json" ? [{ path: ["profile"], value: recipe.profile }] : []),
  ];
}

function addFolder(folder: string, as: string, add: (path: string, as: string) => void, depth = 0): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    // Links may lead anywhere; what they lead to is not part of the folder.
    if (entry.isDirectory() && depth < 5) addFolder(path, `${as}/${plain(entry.name)}`, add, depth + 1);
    else if (entry.isFile() && documents.has(extname(entry.name).toLowerCase()))
      add(path, `${as}/${plain(entry.name)}`);
  }
}

/** A name of plain characters that keeps its ending; it need not be told from others, since each file has a place of its own. */
function plain(text: string): string {
  const ending = extname(text)
    .replaceAll(/[^A-Za-z0-9.]/g, "")
    .slice(0, 10);
  const stem = text
    .slice(0, text.length - extname(text).length)
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .slice(0, 60);
  return `${/^[A-Za-z0-9_]/.test(stem) ? stem : `f${stem}`}${ending}`;
}
