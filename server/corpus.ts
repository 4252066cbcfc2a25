import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Passage, SearchMode } from "../protocol/passage.ts";
import { openReaderPool } from "./documents/reader-pool.ts";
import { scanFolder } from "./documents/scan.ts";
import { readPassages } from "./evaluation/corpus-passages.ts";
import { UnreadableFile } from "./evaluation/data-sets/file-records.ts";
import { hashFile } from "./evaluation/data-sets/read-data-set.ts";
import type { RunManifest } from "./evaluation/runs/manifest.ts";
import { type Folder, cacheHome, openFolder } from "./home.ts";
import { takeLease } from "./index/lease.ts";
import { loadLance } from "./lance.ts";
import { openSnapshot } from "./index/open-snapshot.ts";
import { PlaceFault } from "./index/place-fault.ts";
import { type SnapshotSpec, parseSnapshotSpec } from "./index/snapshot-catalog.ts";
import { openPassageIndex } from "./index/passage-index.ts";
import { openEmbedder } from "./models/open-embedder.ts";
import type { Embedder } from "./models/embedder.ts";
import type { FolderIndex } from "./index/folder-index.ts";
import { openAddedIndex, openProject } from "./project.ts";
import { localRetriever } from "./retrieval/local.ts";
import { passageRetriever } from "./retrieval/passages.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import { AddedDocumentsError, locationOf } from "./sources/added-documents.ts";
import { openAdded } from "./sources/open-added.ts";

/** What an evaluation searches, with everything that must be pinned of it. */
export interface Corpus {
  retriever: Retriever;
  /** Folders behind it, that which was named first and then those that were added to it; none for passages of a file and for servers. */
  folders: Folder[];
  pins: Pick<RunManifest, "corpus" | "index">;
  /** Every passage; undefined where a server holds them. */
  passages?: readonly Passage[];
  close(): Promise<void>;
}

export interface CorpusOptions {
  /** `minilm`, `openai:MODEL@URL` or `none`. */
  embedder: string;
  mode: SearchMode;
  signal: AbortSignal;
  /** Opens what is neither a folder nor a file; rejects with one sentence where the text names nothing. */
  openServer(text: string): Promise<Retriever>;
  /** Passages that have a vector, of those that lack one. */
  onProgress?(done: number, total: number): void;
}

/** A corpus cannot be opened: one sentence that says why and what to do. */
export class CorpusError extends Error {
  override readonly name = "CorpusError";
}

const retryMilliseconds = 500;

/**
 * Opens what `--index` names: a folder of documents, a file of passages, a published snapshot, or a server. Index and vectors are complete when it
 * returns. Throws `CorpusError`.
 */
export async function openCorpus(spec: string, options: CorpusOptions): Promise<Corpus> {
  const snapshot = parseSnapshotSpec(spec);
  if (snapshot && !snapshot.ok) throw new CorpusError(snapshot.reason);
  if (snapshot) return openSnapshotCorpus(snapshot.spec, options);
  const kind = statSync(spec, { throwIfNoEntry: false });
  if (kind && options.embedder === "none" && options.mode !== "words")
    throw new CorpusError(`A search by ${options.mode} needs an embedder; --mode words searches without one.`);
  if (kind?.isDirectory()) return openFolderCorpus(spec, options);
  if (kind?.isFile()) return openPassageCorpus(spec, options);
  const retriever = await options.openServer(spec);
  return {
    retriever,
    folders: [],
    pins: {
      corpus: { kind: "remote", hash: null, passages: null },
      index: { id: retriever.id, mode: "remote", embedder: null },
    },
    close: () => Promise.resolve(),
  };
}

async function openFolderCorpus(path: string, options: CorpusOptions): Promise<Corpus> {
  const folder = openFolder(path);
  const folders = [folder, ...addedFolders(folder)];
  const embedder = embedderFor(options);
  const project = await openProject(folder, { embedder }).catch((error: unknown) => {
    if (error instanceof PlaceFault) throw new CorpusError(error.message, { cause: error });
    throw error;
  });
  const indexes = [project.index];
  const close = async (): Promise<void> => {
    for (const index of indexes.slice(1)) await index.close();
    await project.close();
  };
  try {
    if (project.wordsOnly && options.mode !== "words")
      throw new CorpusError(`${project.wordsOnly} --mode words searches without vectors.`);
    for (const added of folders.slice(1)) indexes.push(await openAddedIndex(added, project.embedder, { embedder }));
    for (const index of indexes) await complete(index, options);
    const passages: Passage[] = [];
    for (const each of folders) passages.push(...(await folderPassages(each, options.signal)));
    // What a search of nothing finds would be measured as if the policy had failed.
    if (passages.length === 0)
      throw new CorpusError(`${path} holds no document that can be read; searchlight index ${path} says why.`);
    const ids = createHash("sha256");
    for (const { id } of passages) ids.update(`${id}\n`);
    return {
      retriever: localRetriever(indexes, options.mode),
      folders,
      pins: {
        corpus: { kind: "folder", hash: ids.digest("hex"), passages: passages.length },
        index: { id: "lancedb", mode: options.mode, embedder: project.wordsOnly ? null : embedder },
      },
      passages,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Brings an index up to date, or throws where a search of it would be over a part: it would be measured as if it were the whole. */
async function complete(index: FolderIndex, { mode, signal, onProgress }: CorpusOptions): Promise<void> {
  const unsubscribe = index.onStatus(({ vectors }) => onProgress?.(vectors.done, vectors.total));
  await index.update(signal).finally(unsubscribe);
  const { state, reason, vectors } = index.status();
  if (state === "failed") throw new CorpusError(reason);
  const { path } = index.folder;
  if (mode !== "words" && vectors.done < vectors.total)
    throw new CorpusError(
      `Only ${vectors.done} of ${vectors.total} passages of ${path} have a vector; searchlight index ${path} says why.`,
    );
}

/** What was added to the folder and is searched with it. */
function addedFolders(owner: Folder): Folder[] {
  try {
    return openAdded(owner).map(({ document, folder }) => {
      if (folder) return folder;
      const location = locationOf(document);
      throw new CorpusError(
        `${location} was added to ${owner.path} and is not there; bring it back, or take it away with searchlight documents remove.`,
      );
    });
  } catch (error) {
    if (error instanceof AddedDocumentsError) throw new CorpusError(error.message, { cause: error });
    throw error;
  }
}

/** The passages of a folder as its index has them, read anew; their ids hold path, place and text. */
export async function folderPassages(folder: Folder, signal: AbortSignal): Promise<Passage[]> {
  const { files } = await scanFolder(folder.path, [], signal);
  const pool = openReaderPool();
  try {
    const passages: Passage[] = [];
    for (const { path } of files) {
      const outcome = await pool.read({ folderPath: folder.path, folder: folder.id, path }, signal);
      if (outcome.kind === "read") passages.push(...outcome.passages);
    }
    return passages;
  } finally {
    await pool.close();
  }
}

async function openPassageCorpus(path: string, options: CorpusOptions): Promise<Corpus> {
  const reading = await readPassages(path).catch((error: unknown) => {
    if (error instanceof UnreadableFile) throw new CorpusError(error.message);
    throw error;
  });
  if (!reading.ok) throw new CorpusError(`${path}, line ${reading.line}: ${reading.reason}.`);
  const { passages } = reading;
  if (passages.length === 0) throw new CorpusError(`${path} holds no passages.`);
  const lance = await loadLance();
  if (!lance.ok)
    throw new CorpusError(`${lance.reason} Serve the passages from another machine, and name that server.`);
  const hash = await hashFile(path);
  const embedder = await embedderOf(options);
  const home = join(cacheHome(), "corpora", hash.slice(0, 24));
  const lease = await leaseOf(home, options.signal);
  try {
    const { signal, onProgress } = options;
    const index = await openPassageIndex(home, passages, { embedder, signal, ...(onProgress ? { onProgress } : {}) });
    return {
      retriever: passageRetriever(index, `passages:${hash.slice(0, 12)}`, options.mode),
      folders: [],
      pins: {
        corpus: { kind: "passages", hash, passages: passages.length },
        index: { id: "lancedb", mode: options.mode, embedder: embedder?.id ?? null },
      },
      passages,
      async close() {
        index.close();
        await embedder?.close();
      },
    };
  } catch (error) {
    await embedder?.close();
    throw error;
  } finally {
    lease.release();
  }
}

/** A published copy of an index; its own embedder makes the vectors of queries. */
async function openSnapshotCorpus(spec: SnapshotSpec, options: CorpusOptions): Promise<Corpus> {
  const load = await loadLance();
  if (!load.ok) throw new CorpusError(load.reason);
  const words = options.mode === "words";
  try {
    const opened = await openSnapshot(load.lance, spec, words ? {} : { openEmbedder: (id) => openEmbedder(id) });
    const { snapshot, name, passages } = opened;
    return {
      retriever: passageRetriever({ ...opened, passages: passages.length, close: () => undefined }, name, options.mode),
      folders: [],
      pins: {
        corpus: { kind: "snapshot", hash: snapshot.hash, passages: passages.length },
        index: { id: name, mode: options.mode, embedder: words ? null : (snapshot.embedder?.spec ?? null) },
      },
      passages,
      close: () => opened.close(),
    };
  } catch (error) {
    if (error instanceof PlaceFault) throw new CorpusError(error.message, { cause: error });
    throw error;
  }
}

/** Waits for another process that builds the same index. */
async function leaseOf(home: string, signal: AbortSignal): Promise<{ release(): void }> {
  for (;;) {
    const taken = takeLease(home);
    if (taken.ok) return taken.lease;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
  }
}

async function embedderOf(options: CorpusOptions): Promise<Embedder | null> {
  const spec = embedderFor(options);
  if (spec === "none") return null;
  const opening = await openEmbedder(spec);
  if (opening.ok) return opening.embedder;
  throw new CorpusError(`${opening.reason} --mode words searches without vectors.`);
}

/** A search by words needs no vectors. */
function embedderFor({ embedder, mode }: CorpusOptions): string {
  return mode === "words" ? "none" : embedder;
}
