import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readModelFolder } from "./engine/model-folder.ts";
import { modelFolders } from "./engine/model-folders.ts";
import { readDataSet } from "./evaluation/data-sets/read-data-set.ts";
import type { Folder } from "./home.ts";

/** What a recipe may name on this machine. */
export interface RecipeOffers {
  models: { name: string; about: string }[];
  questionFiles: { path: string; questions: number; golds: number }[];
}

/** Files that are looked into for questions, and how far down. */
const limits = { files: 200, bytes: 20e6, depth: 4, offered: 20 };
const skipped = new Set(["node_modules", "dist", "out", "build", "target", "venv"]);

/** Models of the models' home, and files of JSON lines in the folders that hold questions with gold answers, the fullest first. */
export async function recipeOffers(folders: readonly Folder[], signal: AbortSignal): Promise<RecipeOffers> {
  const models = modelFolders().flatMap(({ name, folder }) => {
    const read = readModelFolder(folder);
    return read.ok ? [{ name, about: `${read.model.architecture}, ${(read.model.bytes / 1e6).toFixed(0)} MB` }] : [];
  });
  const paths: string[] = [];
  for (const folder of folders) await collect(folder.path, 0, paths, signal);
  const questionFiles: RecipeOffers["questionFiles"] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    try {
      // A file of trajectories or passages may have any size; one of questions is small.
      if ((await stat(path)).size > limits.bytes) continue;
      const { questions } = await readDataSet(path);
      const golds = questions.filter((question) => question.golds.length > 0).length;
      if (golds > 0) questionFiles.push({ path, questions: questions.length, golds });
    } catch {
      // It holds something else.
    }
  }
  questionFiles.sort((a, b) => b.golds - a.golds);
  return { models, questionFiles: questionFiles.slice(0, limits.offered) };
}

async function collect(folder: string, depth: number, paths: string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (depth > limits.depth) return;
  try {
    for await (const entry of await opendir(folder)) {
      if (paths.length >= limits.files) return;
      if (entry.name.startsWith(".") || skipped.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await collect(path, depth + 1, paths, signal);
      else if (entry.isFile() && entry.name.endsWith(".jsonl")) paths.push(path);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    // A folder that cannot be read has nothing to offer.
  }
}
