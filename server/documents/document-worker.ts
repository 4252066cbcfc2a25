import { join } from "node:path";
import type { Passage } from "../../protocol/passage.ts";
import { passagesOf } from "./passages.ts";
import { readBytes } from "./read-bytes.ts";
import { readDocument } from "./read-document.ts";
import { hashBytes } from "./read-place.ts";

export interface DocumentJob {
  folderPath: string;
  folder: string;
  path: string;
  /** Hash the index already has; equal bytes are not read again. */
  knownHash?: string;
}

export type DocumentOutcome =
  | { kind: "same"; contentHash: string }
  | { kind: "read"; contentHash: string; passages: Passage[] }
  /** `lasting`: the same bytes would be skipped again, so the file is not read before it changes. */
  | { kind: "skipped"; reason: string; lasting: boolean };

/** Reads one file into passages. Runs in a worker, so that a file that hangs or exhausts a parser takes only that down. */
export default async function readInWorker(job: DocumentJob): Promise<DocumentOutcome> {
  let bytes: Buffer;
  try {
    bytes = await readBytes(join(job.folderPath, job.path));
  } catch (error) {
    return { kind: "skipped", reason: `cannot be read (${(error as NodeJS.ErrnoException).code})`, lasting: false };
  }
  const contentHash = hashBytes(bytes);
  if (contentHash === job.knownHash) return { kind: "same", contentHash };
  const read = readDocument(job.path, bytes);
  if (!read.ok) return { kind: "skipped", reason: read.reason, lasting: true };
  return {
    kind: "read",
    contentHash,
    passages: passagesOf(read.document, { folder: job.folder, path: job.path, contentHash }),
  };
}
