import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const unusedMilliseconds = 30 * 24 * 3600 * 1000;

/**
 * Removes environments of earlier versions of `trainer/` that nobody has used for a month: each takes most of a gigabyte. Their folders are
 * named `trainer-HASH`; one is used when a mark `installed-BACKEND.json` in it was touched. Answers what was removed.
 */
export function pruneEnvironments(folder: string, keep: string, now = Date.now()): string[] {
  const removed: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || !/^trainer-[0-9a-f]{12}$/.test(entry.name) || path === keep) continue;
    if (now - lastUse(path) <= unusedMilliseconds) continue;
    rmSync(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

/** When an environment below the folder was used last; of one that was never whole, when it was begun. */
function lastUse(root: string): number {
  const times = [statSync(root).mtimeMs];
  for (const project of readdirSync(root, { withFileTypes: true })) {
    if (!project.isDirectory()) continue;
    for (const name of readdirSync(join(root, project.name)))
      if (/^installed-[\w-]+\.json$/.test(name)) times.push(statSync(join(root, project.name, name)).mtimeMs);
  }
  return Math.max(...times);
}
