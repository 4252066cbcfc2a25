import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRecipe } from "./check-recipe.ts";
import { LocalRunHost } from "./runs/local-host.ts";

/** The runs of this machine, with the program that does them: the bundle beside this one, or its source in a working tree. */
export function openLocalRuns(): LocalRunHost {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundle = join(here, "run.cjs");
  const entry = existsSync(bundle) ? bundle : join(here, "run.ts");
  return new LocalRunHost({ check: checkRecipe, command: { file: process.execPath, args: [entry] } });
}
