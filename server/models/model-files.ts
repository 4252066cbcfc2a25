import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheHome } from "../home.ts";

/**
 * The folder of a model's files: beside the program (as the package ships them), in `SEARCHLIGHT_MODELS`, or in the
 * cache where set-up puts them. Undefined when one of the files is in none of them.
 */
export function findModel(name: string, files: readonly string[]): string | undefined {
  for (const root of modelRoots()) {
    const folder = join(root, name);
    if (files.every((file) => existsSync(join(folder, file)))) return folder;
  }
  return undefined;
}

/** Folders that hold a folder for each model, the program's own first; they need not exist. */
export function modelRoots(): string[] {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  return [join(here, "models"), process.env["SEARCHLIGHT_MODELS"] ?? "", join(cacheHome(), "models")].filter(Boolean);
}
