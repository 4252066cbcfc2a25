// Builds dist/ when what it is made from has changed.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, say } from "./failure.mjs";
import { root } from "./places.mjs";
import { capture } from "./processes.mjs";

const madeFrom = [
  "esbuild.mjs",
  "package.json",
  "package-lock.json",
  "scripts/cli-entry.cjs",
  "protocol",
  "server",
  "src",
  "media",
];
const stampFile = join(root, "dist", ".built-from");

/** Builds, unless the sources are those of the last build of the same kind. Throws `Failure` with the bundler's report. */
export async function buildIfChanged(node, { production = false } = {}) {
  const stamp = `${production ? "production" : "development"} ${sourceHash()}`;
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return false;
  say("Building");
  rmSync(stampFile, { force: true });
  const { code, output } = await capture(node, [join(root, "esbuild.mjs"), ...(production ? ["--production"] : [])], {
    cwd: root,
  });
  if (code !== 0) throw new Failure(`The build failed.\n${output}`);
  if (output.trim()) process.stderr.write(output);
  writeFileSync(stampFile, stamp);
  return true;
}

/** Hash over names and contents, so that neither a checkout's times nor its place matter. */
function sourceHash() {
  const hash = createHash("sha256");
  for (const entry of madeFrom) {
    for (const file of filesIn(entry))
      hash
        .update(file)
        .update("\0")
        .update(readFileSync(join(root, file)))
        .update("\0");
  }
  return hash.digest("hex");
}

function filesIn(entry) {
  const found = statSync(join(root, entry), { throwIfNoEntry: false });
  if (!found) return [];
  if (!found.isDirectory()) return [entry];
  return readdirSync(join(root, entry))
    .sort()
    .flatMap((child) => filesIn(`${entry}/${child}`));
}
