import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { dataHome } from "../home.ts";

/** Where model folders are kept that were made here. */
export function modelsHome(): string {
  return join(dataHome(), "models");
}

/** Model folders in the models' home, by name. Whether the engine loads one is told by `readModelFolder`. */
export function modelFolders(home = modelsHome()): { name: string; folder: string }[] {
  let names: string[];
  try {
    names = readdirSync(home);
  } catch {
    return [];
  }
  return names
    .toSorted()
    .map((name) => ({ name, folder: join(home, name) }))
    .filter(({ folder }) => existsSync(join(folder, "config.json")));
}

/** The absolute folder of a model given as a path relative to `base`, or by the name of one in the models' home. */
export function modelNamed(named: string, base: string, home = modelsHome()): string | undefined {
  const here = isAbsolute(named) ? named : resolve(base, named);
  if (existsSync(join(here, "config.json"))) return here;
  return modelFolders(home).find(({ name }) => name === named)?.folder;
}
