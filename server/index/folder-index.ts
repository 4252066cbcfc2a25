import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { IndexStatus, SkippedFile } from "../../protocol/index-status.ts";
import type { Hit, SearchMode } from "../../protocol/passage.ts";
import { type DocumentOutcome } from "../documents/document-worker.ts";
import { type ReaderPool, openReaderPool } from "../documents/reader-pool.ts";
import { type ScannedFile, scanFolder } from "../documents/scan.ts";
import type { Folder } from "../home.ts";
import { loadLance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import { type ReadFiles, planCommit } from "./plan-commit.ts";
import { embedMissing } from "./embed-missing.ts";
import { Holdings } from "./holdings.ts";
import { type Lease, takeLease } from "./lease.ts";
import { type Manifest, emptyManifest, readManifest } from "./manifest.ts";
import { openMemoryTables } from "./memory-tables.ts";
import { StatusBoard } from "./status-board.ts";
import { searchTables } from "./search-tables.ts";
import { type Tables, openTables } from "./tables.ts";
import { WorkQueue } from "./work-queue.ts";

export interface IndexOptions {
  embedder?: Embedder | null;
  /** Patterns in the form of `.gitignore`. */
  exclude?: readonly string[];
  readOnly?: boolean;
}

/** The index of one folder: kept up to date by the process that holds its lease, read by all others. */
export interface FolderIndex {
  readonly folder: Folder;
  status(): IndexStatus;
  onStatus(listener: (status: IndexStatus) => void): () => void;
  /** Scan, words, vectors; only what changed. A process without the lease takes over a dead writer's, or only reads. */
  update(signal: AbortSignal): Promise<void>;
  /** The same for files that are known to have changed; paths are relative to the folder. */
  updatePaths(paths: readonly string[], signal: AbortSignal): Promise<void>;
  rebuild(signal: AbortSignal): Promise<void>;
  pause(): void;
  resume(): void;
  search(query: string, k: number, mode: SearchMode, signal: AbortSignal): Promise<{ hits: Hit[]; coverage?: string }>;
  close(): Promise<void>;
}

/** Files whose passages are committed together: few commits keep LanceDB fast, small groups keep words early. */
const filesPerCommit = 64;

export async function openFolderIndex(folder: Folder, options: IndexOptions = {}): Promise<FolderIndex> {
  const index = new OpenIndex(folder, options);
  await index.open();
  return index;
}

class OpenIndex implements FolderIndex {
  readonly folder: Folder;
  readonly #embedder: Embedder | null;
  readonly #exclude: readonly string[];
  readonly #readOnly: boolean;
  readonly #home: string;
  readonly #manifestPath: string;
  readonly #holdings: Holdings;
  readonly #board: StatusBoard;
  #tables!: Tables;
  #lance = true;
  #lease: Lease | undefined;
  #pool: ReaderPool | undefined;
  readonly #queue = new WorkQueue();

  constructor(folder: Folder, options: IndexOptions) {
    this.folder = folder;
    this.#embedder = options.embedder ?? null;
    this.#exclude = options.exclude ?? [];
    this.#readOnly = options.readOnly ?? false;
    const profile = this.#embedder ? this.#embedder.id.replace(/[^\w.-]+/g, "_") : "words";
    this.#home = join(folder.indexHome, profile);
    this.#manifestPath = join(this.#home, "manifest.json");
    this.#holdings = new Holdings(this.#manifestPath);
    this.#board = new StatusBoard(folder, this.#embedder, this.#holdings);
  }

  async open(): Promise<void> {
    this.#takeLease();
    const reading = readManifest(this.#manifestPath);
    if (reading.kind === "newer") {
      throw new Error(
        `The index of ${this.folder.name} was written by a later Searchlight; update Searchlight, or delete ${this.#home}.`,
      );
    }
    if (reading.kind === "rebuild" && this.#lease) this.#clear();
    try {
      await this.#openTables();
      if (reading.kind === "ok") await this.#adopt(reading.manifest);
    } catch (error) {
      // Derived data: whatever is wrong with it, the documents are still there to build it from.
      if (!this.#lease) throw error;
      this.#clear();
      await this.#openTables();
      await this.#adopt(emptyManifest());
      this.#set({ reason: `The index was damaged (${message(error)}) and is built anew.` });
    }
    if (reading.kind === "rebuild") this.#set({ reason: reading.reason });
  }

  status(): IndexStatus {
    return this.#board.status;
  }

  onStatus(listener: (status: IndexStatus) => void): () => void {
    return this.#board.listen(listener);
  }

  update(signal: AbortSignal): Promise<void> {
    // Said at once, not when it begins: whoever waits for words to be current must not take the state before for it.
    if (!this.#queue.paused) this.#set({ state: "scanning", reason: "Looking for documents." });
    return this.#queue.run(() => this.#update(signal));
  }

  updatePaths(paths: readonly string[], signal: AbortSignal): Promise<void> {
    // Ignore rules can make one file's change matter to others, so the scan is always whole; it is cheap beside reading.
    return paths.length === 0 ? Promise.resolve() : this.update(signal);
  }

  rebuild(signal: AbortSignal): Promise<void> {
    return this.#queue.run(async () => {
      this.#takeLease();
      if (!this.#lease) throw new Error(this.#readerReason());
      this.#tables.close();
      this.#clear();
      await this.#openTables();
      await this.#adopt(emptyManifest());
      await this.#update(signal);
    });
  }

  pause(): void {
    if (this.#queue.paused) return;
    this.#queue.pause();
    this.#set({ state: "paused", reason: "Indexing is paused; resume it to take in the rest and what changes." });
  }

  resume(): void {
    this.#queue.resume();
    this.#settle();
  }

  async search(
    query: string,
    k: number,
    mode: SearchMode,
    signal: AbortSignal,
  ): Promise<{ hits: Hit[]; coverage?: string }> {
    if (!this.#lease) await this.#refreshReader();
    const sources = {
      tables: this.#tables,
      embedder: this.#embedder,
      passagesOfHash: (hash: string) => this.#holdings.passagesOfHash(hash),
    };
    let hits: Hit[];
    try {
      hits = await searchTables(sources, query, k, mode, signal);
    } catch (error) {
      // A writer's clean-up can take a file from under a reader; the latest version has what it needs.
      if (signal.aborted || !/not found/i.test(message(error))) throw error;
      await this.#tables.refresh();
      hits = await searchTables(sources, query, k, mode, signal);
    }
    const coverage = this.#board.coverage(mode);
    return { hits, ...(coverage ? { coverage } : {}) };
  }

  async close(): Promise<void> {
    this.resume();
    await this.#queue.idle();
    await this.#pool?.close();
    this.#tables.close();
    this.#lease?.release();
  }

  async #update(signal: AbortSignal): Promise<void> {
    this.#takeLease();
    if (!this.#lease) {
      await this.#refreshReader();
      return this.#settle();
    }
    try {
      this.#set({ state: "scanning", reason: "Looking for documents." });
      const scan = await scanFolder(this.folder.path, this.#exclude, signal);
      await this.#readChanged(scan.files, scan.skipped, signal);
      await this.#embedMissing(signal);
      if (this.#lease.held()) await this.#tables.maintain();
      this.#settle();
    } catch (error) {
      if (signal.aborted) {
        this.#settle("Indexing was stopped; what was committed stays.");
        throw error;
      }
      const full = (error as NodeJS.ErrnoException).code === "ENOSPC" || /no space left/i.test(message(error));
      this.#set({
        state: "failed",
        reason: full
          ? "The disk is full; free some space and update the index."
          : `Indexing failed: ${message(error)}.`,
      });
      throw error;
    }
  }

  /** Words: reads what changed, in groups that are searchable as soon as they are committed. */
  async #readChanged(scanned: readonly ScannedFile[], skipped: SkippedFile[], signal: AbortSignal): Promise<void> {
    const present = new Set(scanned.map(({ path }) => path));
    const gone = Object.keys(this.#holdings.manifest.files).filter((path) => !present.has(path));
    const changed = scanned.filter((file) => {
      const known = this.#holdings.manifest.files[file.path];
      return !known || known.size !== file.size || known.modified !== file.modified;
    });
    const unread = new Set(changed.map(({ path }) => path));
    const allSkipped = [
      ...skipped,
      ...this.#holdings.manifest.skipped.filter((entry) => present.has(entry.path) && !unread.has(entry.path)),
    ];
    if (gone.length > 0) await this.#commit(new Map(), gone, allSkipped);

    const started = performance.now();
    for (let at = 0; at < changed.length; at += filesPerCommit) {
      await this.#queue.step(signal);
      const group = changed.slice(at, at + filesPerCommit);
      const read: ReadFiles = new Map();
      for (const file of group) {
        signal.throwIfAborted();
        read.set(file.path, { file, outcome: await this.#read(file, signal) });
      }
      await this.#commit(read, [], allSkipped);
      const done = Math.min(at + filesPerCommit, changed.length);
      const rate = (done / (performance.now() - started)) * 1000;
      this.#set({
        state: "scanning",
        reason: `Reading documents: ${done} of ${changed.length}.`,
        rate,
        etaSeconds: (changed.length - done) / rate,
      });
    }
    if (gone.length === 0 && changed.length === 0) this.#remember({ ...this.#holdings.manifest, skipped: allSkipped });
    this.#set({ state: "words-ready", reason: "Words can be searched; vectors follow." });
  }

  #read(file: ScannedFile, signal: AbortSignal): Promise<DocumentOutcome> {
    this.#pool ??= openReaderPool();
    const knownHash = this.#holdings.manifest.files[file.path]?.hash;
    return this.#pool.read(
      { folderPath: this.folder.path, folder: this.folder.id, path: file.path, ...(knownHash ? { knownHash } : {}) },
      signal,
    );
  }

  /**
   * One step from one searchable state to the next. Rows of changed files are taken out before the ones that replace them
   * are put in, and the manifest is written last: a crash in between leaves files that the next scan reads again.
   */
  async #commit(read: ReadFiles, gone: readonly string[], skipped: SkippedFile[]): Promise<void> {
    const { files, passages, replaced } = planCommit(this.#holdings.manifest.files, read, gone, skipped);
    if (!this.#lease?.held()) throw new Error("Another process took over this index");
    const hasRows =
      this.#holdings.manifest.files &&
      (Object.keys(this.#holdings.manifest.files).length > 0 || existsSync(this.#manifestPath));
    if (replaced.length > 0 && hasRows) await this.#tables.removeFiles(replaced);
    await this.#tables.addPassages(passages);
    this.#remember({ ...this.#holdings.manifest, files, skipped, updatedAt: new Date().toISOString() });
  }

  async #embedMissing(signal: AbortSignal): Promise<void> {
    if (!this.#embedder || !this.#lance) return;
    await embedMissing(this.#holdings, this.#tables, this.#embedder, {
      signal,
      ready: () => this.#queue.step(signal),
      // Words of a saved file come before vectors of all others; what waits will embed the rest.
      interrupted: () => this.#queue.waiting > 0,
      progress: (rate, etaSeconds) =>
        this.#set({ state: "words-ready", reason: "Words can be searched; vectors follow.", rate, etaSeconds }),
    });
  }

  async #openTables(): Promise<void> {
    const load = await loadLance();
    this.#lance = load.ok;
    mkdirSync(this.#home, { recursive: true });
    this.#tables = load.ok
      ? await openTables(load.lance, join(this.#home, "tables"), this.#embedder?.dimension)
      : openMemoryTables();
    if (!load.ok) this.#set({ state: "degraded", reason: `${load.reason} Words are searched in memory.` });
  }

  /** Takes over a manifest that was read: what it names must be there. */
  async #adopt(manifest: Manifest): Promise<void> {
    const named = Object.values(manifest.files).flatMap((file) => file.passages.map(([id]) => id));
    const sample = named.filter((_, index) => index % Math.ceil(named.length / 20 || 1) === 0);
    const found = await this.#tables.passages(sample);
    // Without LanceDB the words live in memory and are read again.
    const complete = sample.every((id) => found.has(id));
    if (this.#lance && !complete) throw new Error("passages are missing");
    this.#holdings.vectors = await this.#tables.knownVectors();
    this.#holdings.hold(complete ? manifest : emptyManifest());
    if (named.length > 0 && complete) this.#settle();
  }

  /** Without LanceDB nothing lasts, so nothing is written. */
  #remember(manifest: Manifest): void {
    if (this.#lance) this.#holdings.remember(manifest);
    else this.#holdings.hold(manifest);
  }

  async #refreshReader(): Promise<void> {
    const outdated = this.#holdings.outdated();
    await this.#tables.refresh();
    this.#holdings.vectors = await this.#tables.knownVectors();
    if (!outdated) return;
    const reading = readManifest(this.#manifestPath);
    if (reading.kind === "ok") this.#holdings.hold(reading.manifest);
    this.#settle();
  }

  #takeLease(): void {
    if (this.#readOnly || this.#lease?.held()) return;
    const taken = takeLease(this.folder.indexHome);
    this.#lease = taken.ok ? taken.lease : undefined;
    this.#set({ role: this.#lease ? "writer" : "reader" });
  }

  #readerReason(): string {
    return `Another Searchlight keeps the index of ${this.folder.name}; close it, or let it do this.`;
  }

  #clear(): void {
    // Renamed first: removing a large folder takes time, and a crash in the middle must not look like an index.
    const grave = `${this.#home}.removed-${process.pid}`;
    if (existsSync(this.#home)) renameSync(this.#home, grave);
    rmSync(grave, { recursive: true, force: true });
  }

  #settle(note?: string): void {
    if (!this.#queue.paused) this.#board.settle(this.#lance, note);
  }

  #set(change: Partial<IndexStatus>): void {
    this.#board.set(change);
  }
}

function message(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
