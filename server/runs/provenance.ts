import { runProgram } from "../engine/run-program.ts";
import { version } from "../version.ts";
import type { TrainingRunManifest } from "./run-manifest.ts";

/**
 * A repository's own configuration can name programs for git to run, and the folder of a recipe may be a stranger's: no watcher of files, no
 * hook, no fetching of objects that are missing.
 */
const unled = ["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
const environment = { GIT_ALLOW_PROTOCOL: "none" };

/** What produced a run: this program, and the commit of the recipe's folder where it is under git. */
export async function provenanceOf(folder: string): Promise<TrainingRunManifest["provenance"]> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    const env = { ...process.env, ...environment };
    const { code, stdout } = await runProgram("git", ["-C", folder, ...unled, ...args], { seconds: 5, env });
    return code === 0 ? stdout.trim() : undefined;
  };
  const commit = await git("rev-parse", "HEAD");
  const uncommitted = commit === undefined ? undefined : await hasChanges(git);
  return {
    searchlight: version,
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node,
    ...(commit ? { commit } : {}),
    ...(uncommitted === undefined ? {} : { uncommitted }),
  };
}

/** Whether files differ from the commit; undefined where that cannot be told without running programs that the repository names. */
async function hasChanges(git: (...args: string[]) => Promise<string | undefined>): Promise<boolean | undefined> {
  const named = await git("config", "--show-scope", "--includes", "--name-only", "--get-regexp", ".");
  if (named === undefined || /^(?:local|worktree)\s+filter\./m.test(named)) return undefined;
  const changes = await git("status", "--porcelain", "--ignore-submodules=all", "--", ".");
  return changes === undefined ? undefined : changes !== "";
}
