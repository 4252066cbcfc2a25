import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Folder } from "../home.ts";
import type { ReadDocument } from "./document.ts";
import { needsWorker } from "./format.ts";
import { hashBytes } from "./hash-bytes.ts";
import { readBytes } from "./read-bytes.ts";
import { readTextDocument } from "./read-text-document.ts";
import { type ReaderPool, openReaderPool } from "./reader-pool.ts";
import { whyUnread } from "../file-failure.ts";

export type FileRead = { ok: true; document: ReadDocument; contentHash: string } | { ok: false; reason: string };

/** Documents that were read in a worker lately, by path: an answer cites one several times. */
const kept = new Map<string, { document: ReadDocument; contentHash: string }>();
const mostKept = 4;
let pool: ReaderPool | undefined;

/**
 * Reads a file of a folder from disk as it was read for the index; a path that leads out of the folder, by dots or by a link, is
 * not read.
 */
export async function readFileIn(folder: Folder, path: string): Promise<FileRead> {
  try {
    const real = await realpath(join(folder.path, path));
    const inside = relative(folder.path, real);
    if (inside === ".." || inside.startsWith(`..${sep}`)) return { ok: false, reason: `${path} is outside the folder` };
    if (needsWorker(path)) return await readBehind(folder, inside);
    const bytes = await readBytes(real);
    const read = readTextDocument(path, bytes);
    return read.ok ? { ok: true, document: read.document, contentHash: hashBytes(bytes) } : read;
  } catch (error) {
    return { ok: false, reason: `${path} ${whyUnread(error)}` };
  }
}

/** The bytes are read and hashed each time; only what was made of equal bytes is kept. */
async function readBehind(folder: Folder, path: string): Promise<FileRead> {
  pool ??= openReaderPool();
  const key = join(folder.path, path);
  const before = kept.get(key);
  const job = { folderPath: folder.path, folder: folder.id, path };
  const outcome = await pool.readWhole(
    before ? { ...job, knownHash: before.contentHash } : job,
    new AbortController().signal,
  );
  kept.delete(key);
  if (outcome.kind === "skipped") return { ok: false, reason: `${path}: ${outcome.reason}` };
  const { document, contentHash } = outcome.kind === "same" ? before! : outcome;
  kept.set(key, { document, contentHash });
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  return { ok: true, document, contentHash };
}
