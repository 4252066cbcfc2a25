import { runProgram } from "../engine/run-program.ts";
import { version } from "../version.ts";
import type { TrainingRunManifest } from "./run-manifest.ts";

/** What produced a run: this program, and the commit of the recipe's folder where it is under git. */
export async function provenanceOf(folder: string): Promise<TrainingRunManifest["provenance"]> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    try {
      const { code, stdout } = await runProgram("git", ["-C", folder, ...args], { seconds: 5 });
      return code === 0 ? stdout.trim() : undefined;
    } catch {
      return undefined;
    }
  };
  const commit = await git("rev-parse", "HEAD");
  const changes = commit === undefined ? undefined : await git("status", "--porcelain", "--", ".");
  return {
    searchlight: version,
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    ...(commit ? { commit } : {}),
    ...(changes === undefined ? {} : { uncommitted: changes !== "" }),
  };
}
