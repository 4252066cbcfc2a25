import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRecipe } from "./check-recipe.ts";
import { LocalRunHost } from "./runs/local-host.ts";
import { type EngineToken, engineTokenName, tokenOfEnvironment } from "./runs/engine-token.ts";

/**
 * The runs of this machine, with the program that does them: the bundle beside this one, or its source in a working tree. `tokenOf` answers
 * the token of an engine elsewhere, which a run's process gets in its environment and which is written nowhere.
 */
export function openLocalRuns(tokenOf: EngineToken = tokenOfEnvironment): LocalRunHost {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundle = join(here, "run.cjs");
  const entry = existsSync(bundle) ? bundle : join(here, "run.ts");
  return new LocalRunHost({
    check: (recipe, base, signal) => checkRecipe(recipe, base, signal, tokenOf),
    command: { file: process.execPath, args: [entry] },
    environment: async ({ engine }) => {
      const token = engine.kind === "remote" ? await tokenOf(engine.url) : undefined;
      return token === undefined ? {} : { [engineTokenName]: token };
    },
  });
}
