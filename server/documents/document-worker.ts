import { join } from "node:path";
import type { Passage } from "../../protocol/passage.ts";
import type { ReadDocument } from "./document.ts";
import { passagesOf } from "./passages.ts";
import { readBytes } from "./read-bytes.ts";
import { readDocument } from "./read-document.ts";
import { hashBytes } from "./hash-bytes.ts";
import { whyUnread } from "../file-failure.ts";

export interface DocumentJob {
  folderPath: string;
  folder: string;
  path: string;
  /** Hash of bytes that the caller has read already; equal bytes are not read again. */
  knownHash?: string;
}

type Skipped = {
  kind: "skipped";
  reason: string;
  /** The same bytes would be skipped again, so the file is not read before it changes. */
  lasting: boolean;
};

export type DocumentOutcome =
  | { kind: "same"; contentHash: string }
  /** `note`: what of the file is not in its passages, and why. */
  | { kind: "read"; contentHash: string; passages: Passage[]; note?: string }
  | Skipped;

/** The document itself instead of its passages, for who re-reads a place. */
export type WholeOutcome =
  | { kind: "same"; contentHash: string }
  | { kind: "read"; contentHash: string; document: ReadDocument; note?: string }
  | Skipped;

/** Reads one file into passages. Runs in a worker, so that a file that hangs or exhausts a parser takes only that down. */
export default async function readPassages(job: DocumentJob): Promise<DocumentOutcome> {
  const outcome = await readWhole(job);
  if (outcome.kind !== "read") return outcome;
  const { document, ...rest } = outcome;
  const { folder, path } = job;
  return { ...rest, passages: passagesOf(document, { folder, path, contentHash: outcome.contentHash }) };
}

/** Answers once the worker runs and has loaded this module. */
export function started(): void {}

/** Reads one file, in a worker for the same reason. */
export async function readWhole({ folderPath, path, knownHash }: DocumentJob): Promise<WholeOutcome> {
  let bytes: Buffer;
  try {
    bytes = await readBytes(join(folderPath, path));
  } catch (error) {
    return { kind: "skipped", reason: whyUnread(error), lasting: false };
  }
  const contentHash = hashBytes(bytes);
  if (contentHash === knownHash) return { kind: "same", contentHash };
  const read = await readDocument(path, bytes);
  if (!read.ok) return { kind: "skipped", reason: read.reason, lasting: true };
  const { document, note } = read;
  return { kind: "read", contentHash, document, ...(note === undefined ? {} : { note }) };
}
