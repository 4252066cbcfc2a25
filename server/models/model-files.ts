import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheHome } from "../home.ts";

/**
 * The folder of a model's files: beside the program (as the package ships them), in `SEARCHLIGHT_MODELS`, or in the
 * cache where set-up puts them. Undefined when one of the files is in none of them.
 */
export function findModel(name: string, files: readonly string[]): string | undefined {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const roots = [join(here, "models"), process.env["SEARCHLIGHT_MODELS"], join(cacheHome(), "models")];
  for (const root of roots) {
    if (!root) continue;
    const folder = join(root, name);
    if (files.every((file) => existsSync(join(folder, file)))) return folder;
  }
  return undefined;
}
