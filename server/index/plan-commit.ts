import type { SkippedFile } from "../../protocol/index-status.ts";
import type { Passage } from "../../protocol/passage.ts";
import type { DocumentOutcome } from "../documents/document-worker.ts";
import type { ScannedFile } from "../documents/scan.ts";
import { embeddingHash } from "./embedding-text.ts";
import type { ManifestFile } from "./manifest.ts";

/** Files that were read, by path. */
export type ReadFiles = ReadonlyMap<string, { file: ScannedFile; outcome: DocumentOutcome }>;

/** What one commit changes. */
export interface CommitPlan {
  /** Files held after it, of those it concerns. */
  set: Map<string, ManifestFile>;
  /** Files that are held before it and not after it. */
  gone: string[];
  passages: Passage[];
  /** Files whose rows are taken out first. */
  replaced: string[];
  /** Files that could not be read, with the reason. */
  skipped: SkippedFile[];
}

/** Works out a commit from what was read and what is gone. */
export function planCommit(
  known: ReadonlyMap<string, ManifestFile>,
  read: ReadFiles,
  gone: readonly string[],
): CommitPlan {
  const plan: CommitPlan = { set: new Map(), gone: [...gone], passages: [], replaced: [...gone], skipped: [] };
  for (const [path, { file, outcome }] of read) {
    const { size, modified } = file;
    const before = known.get(path);
    if (outcome.kind === "same" && before) {
      plan.set.set(path, { ...before, size, modified });
      continue;
    }
    // Also for files that are not known: a crash may have left rows of theirs.
    plan.replaced.push(path);
    if (outcome.kind === "skipped") {
      plan.skipped.push({ path, reason: outcome.reason });
      // Kept without passages: a file that takes its whole time limit must not take it at every start.
      if (outcome.lasting) plan.set.set(path, { hash: "", size, modified, ids: [], texts: [] });
    }
    if (outcome.kind === "read") {
      if (outcome.note !== undefined) plan.skipped.push({ path, reason: outcome.note });
      plan.passages.push(...outcome.passages);
      plan.set.set(path, {
        hash: outcome.contentHash,
        size,
        modified,
        ids: outcome.passages.map(({ id }) => id),
        texts: outcome.passages.map(embeddingHash),
      });
    }
    if (before && !plan.set.has(path)) plan.gone.push(path);
  }
  return plan;
}
