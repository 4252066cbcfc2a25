import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder of a package's data: `name` beside the bundle, or when the source itself runs the folder that lies at `relative` from the
 * package's module `specifier`.
 */
export function packageData(name: string, specifier: string, relative = "."): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, name);
  if (existsSync(bundled)) return bundled;
  return join(dirname(createRequire(join(here, "resolve.cjs")).resolve(specifier)), relative);
}
