import type { SkippedFile } from "../../protocol/index-status.ts";
import type { Passage } from "../../protocol/passage.ts";
import type { DocumentOutcome } from "../documents/document-worker.ts";
import type { ScannedFile } from "../documents/scan.ts";
import { embeddingHash } from "./embedding-text.ts";
import type { ManifestFile } from "./manifest.ts";

/** Files that were read, by path. */
export type ReadFiles = Map<string, { file: ScannedFile; outcome: DocumentOutcome }>;

/** What one commit changes. */
export interface CommitPlan {
  /** The manifest's files after it. */
  files: Record<string, ManifestFile>;
  passages: Passage[];
  /** Files whose rows are taken out first. */
  replaced: string[];
}

/** Works out a commit from what was read and what is gone. Adds files that could not be read to `skipped`. */
export function planCommit(
  known: Readonly<Record<string, ManifestFile>>,
  read: ReadFiles,
  gone: readonly string[],
  skipped: SkippedFile[],
): CommitPlan {
  const files: Record<string, ManifestFile> = { ...known };
  for (const path of gone) delete files[path];
  const replaced = [...gone];
  const passages: Passage[] = [];
  for (const [path, { file, outcome }] of read) {
    const before = known[path];
    if (outcome.kind === "same" && before) {
      files[path] = { ...before, size: file.size, modified: file.modified };
      continue;
    }
    // Also for files that are not known: a crash may have left rows of theirs.
    replaced.push(path);
    delete files[path];
    if (outcome.kind === "skipped") {
      skipped.push({ path, reason: outcome.reason });
      // Kept without passages: a file that takes its whole time limit must not take it at every start.
      if (outcome.lasting) files[path] = { hash: "", size: file.size, modified: file.modified, passages: [] };
    }
    if (outcome.kind !== "read") continue;
    if (outcome.note !== undefined) skipped.push({ path, reason: outcome.note });
    passages.push(...outcome.passages);
    files[path] = {
      hash: outcome.contentHash,
      size: file.size,
      modified: file.modified,
      passages: outcome.passages.map((passage) => [passage.id, embeddingHash(passage)]),
    };
  }
  return { files, passages, replaced };
}
