import type { Holdings } from "./holdings.ts";
import type { IndexStore } from "./index-store.ts";
import type { ManifestFile } from "./manifest.ts";
import type { CommitPlan } from "./plan-commit.ts";

/**
 * One step from one searchable state to the next. A file's row in `files` is taken away before its passages and written after those that
 * replace them, so that every file that is named there has all of its passages, wherever a crash strikes; the next scan reads the others again.
 */
export async function commitFiles(
  store: Pick<IndexStore, "files" | "tables">,
  holdings: Holdings,
  plan: CommitPlan,
): Promise<void> {
  const known = plan.replaced.filter((path) => holdings.files.has(path));
  if (known.length > 0) {
    await store.files.remove(known);
    await store.tables.removeFiles(known);
  }
  await store.tables.addPassages(plan.passages);
  // Where a row was just taken away none has to be looked for, which is half of the work of a saved file's commit.
  const bare = new Set(known);
  const [added, put] = [new Map<string, ManifestFile>(), new Map<string, ManifestFile>()];
  for (const [path, file] of plan.set) (bare.has(path) ? added : put).set(path, file);
  await store.files.add(added);
  await store.files.put(put);
  holdings.apply(plan);
}
