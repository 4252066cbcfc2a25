import { join } from "node:path";
import type { IndexStatus } from "../../protocol/index-status.ts";
import type { Hit, Neighbours, Passage, SearchMode } from "../../protocol/passage.ts";
import { type ReaderPool, openReaderPool } from "../documents/reader-pool.ts";
import { scanFolder } from "../documents/scan.ts";
import type { Folder } from "../home.ts";
import { loadLance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import { commitFiles } from "./commit-files.ts";
import { type IndexControl, type IndexRequest, indexControl } from "./control.ts";
import { embedMissing } from "./embed-missing.ts";
import { addFault, readFaults } from "./fault-log.ts";
import { Holdings } from "./holdings.ts";
import type { FolderIndex, IndexOptions, PublishRequest } from "./index-contract.ts";
import { type IndexPlace, placeText } from "./index-place.ts";
import { faultKind } from "./place-fault.ts";
import { neighboursOf } from "./neighbours.ts";
import { readChanged } from "./read-changed.ts";
import { searchLegs } from "./search-legs.ts";
import { searchTables } from "./search-tables.ts";
import type { Snapshot } from "./snapshot-catalog.ts";
import { StatusBoard } from "./status-board.ts";
import { StoreKeeper } from "./store-keeper.ts";
import { WorkQueue } from "./work-queue.ts";

export type { FolderIndex, IndexOptions } from "./index-contract.ts";

const controlMilliseconds = 500;
/** A reader looks for commits of the writer this often at most. */
const refreshMilliseconds = 1_000;

export async function openFolderIndex(folder: Folder, options: IndexOptions = {}): Promise<FolderIndex> {
  const index = new OpenIndex(folder, options);
  await index.open();
  return index;
}

class OpenIndex implements FolderIndex {
  readonly folder: Folder;
  readonly #embedder: Embedder | null;
  readonly #exclude: readonly string[];
  readonly #holdings = new Holdings();
  readonly #board: StatusBoard;
  readonly #keeper: StoreKeeper;
  readonly #control: IndexControl;
  readonly #queue = new WorkQueue();
  readonly #ending = new AbortController();
  #current: AbortController | undefined;
  #pool: ReaderPool | undefined;
  #replacing: Promise<void> | undefined;
  #refreshed = -refreshMilliseconds;
  #controlTimer: NodeJS.Timeout | undefined;

  constructor(folder: Folder, options: IndexOptions) {
    this.folder = folder;
    this.#embedder = options.embedder ?? null;
    this.#exclude = options.exclude ?? [];
    this.#board = new StatusBoard(folder, this.#embedder, this.#holdings);
    this.#control = indexControl(folder.indexHome);
    const place = options.place ?? { kind: "folder", path: join(folder.indexHome, "tables") };
    this.#keeper = new StoreKeeper({
      ...options,
      place,
      // A pid means nothing on another machine, so an index in a folder has its lease in there.
      leaseHome: options.place?.kind === "folder" ? options.place.path : folder.indexHome,
      name: folder.name,
      holdings: this.#holdings,
    });
    const errors = readFaults(folder.indexHome);
    this.#board.set({ place: placeText(place), ...(errors.length > 0 ? { errors } : {}) });
  }

  async open(): Promise<void> {
    const load = await loadLance();
    const { note, damaged } = load.ok
      ? await this.#keeper.open(load.lance)
      : { note: this.#keeper.openMemory(load.reason) };
    if (note && damaged) this.#keepFault(note);
    this.#board.set({ role: this.#keeper.writes ? "writer" : "reader" });
    if (this.#holdings.files.size > 0 || this.#keeper.memoryReason) this.#settle();
    if (note) this.#set({ reason: note });
    this.#obey();
    this.#controlTimer = setInterval(() => this.#obey(), controlMilliseconds);
    this.#controlTimer.unref();
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

  retry(signal: AbortSignal): Promise<void> {
    return this.#queue.run(() => this.#update(signal, true));
  }

  rebuild(signal: AbortSignal): Promise<void> {
    return this.#queue.run(async () => {
      await this.#beWriter();
      await this.#keeper.clear();
      await this.#update(signal);
    });
  }

  async prune(signal: AbortSignal): Promise<{ before: number; after: number }> {
    let sizes = { before: 0, after: 0 };
    await this.#queue.run(async () => {
      await this.#beWriter();
      signal.throwIfAborted();
      sizes = await this.#keeper.prune();
      this.#settle();
    });
    return sizes;
  }

  async publish(target: IndexPlace, options: PublishRequest): Promise<{ snapshot: Snapshot; made: boolean }> {
    let published: { snapshot: Snapshot; made: boolean } | undefined;
    await this.#queue.run(async () => {
      if (!this.#keeper.writes) await this.#keeper.refresh();
      published = await this.#keeper.publish(target, options);
    });
    return published!;
  }

  pause(): void {
    this.#control.setPaused(true);
    this.#obey();
  }

  resume(): void {
    this.#control.setPaused(false);
    this.#obey();
  }

  cancel(): void {
    if (this.#current) this.#current.abort();
    else if (!this.#keeper.writes) this.#control.request("cancel");
  }

  async search(
    query: string,
    k: number,
    mode: SearchMode,
    signal: AbortSignal,
  ): Promise<{ hits: Hit[]; coverage?: string }> {
    if (!this.#keeper.writes) await this.#refreshReader();
    // Between the rows of a file that go and those that come, the file would not be found.
    await this.#replacing;
    const { hits, lost } = await searchLegs(mode, {
      run: (legs) => searchTables(this.#keeper.sources(), query, k, legs, signal),
      refresh: () => this.#keeper.refresh(),
      failed: (error) => this.#mend(error),
      signal,
    });
    const coverage = [this.#board.coverage(mode, this.#keeper.servingId), lost && `${this.folder.name}: ${lost}`]
      .filter(Boolean)
      .join("; ");
    return { hits, ...(coverage ? { coverage } : {}) };
  }

  neighbours(passage: Pick<Passage, "id" | "place">, count: number): Promise<Neighbours> {
    return neighboursOf(passage, count, this.#holdings, this.#keeper.store.tables);
  }

  async close(): Promise<void> {
    clearInterval(this.#controlTimer);
    this.#ending.abort();
    this.#queue.resume();
    await this.#queue.idle();
    await this.#pool?.close();
    await this.#keeper.close();
  }

  /** A damaged index is derived data: the documents are still there to build it from. */
  #mend(error: unknown): void {
    if (faultKind(error) !== "damaged" || !this.#keeper.mendable || this.#ending.signal.aborted) return;
    const reason = `The index is damaged (${message(error)}) and is built anew.`;
    this.#keepFault(reason);
    this.#set({ state: "degraded", reason });
    this.rebuild(this.#ending.signal).catch(() => undefined);
  }

  async #update(outer: AbortSignal, retry = false): Promise<void> {
    this.#current = new AbortController();
    const signal = AbortSignal.any([outer, this.#current.signal, this.#ending.signal]);
    try {
      if (!(await this.#keeper.takeLease())) {
        if (retry) this.#control.request("retry");
        this.#refreshed = -refreshMilliseconds;
        await this.#refreshReader();
        return this.#settle();
      }
      await this.#queue.step(signal);
      this.#set({ state: "scanning", reason: "Looking for documents.", role: "writer" });
      await this.#readDocuments(signal, retry);
      await this.#embedMissing(signal);
      this.#settle();
    } catch (error) {
      if (signal.aborted) {
        this.#settle("Indexing was stopped; what was committed stays, and the next update goes on from there.");
        throw error;
      }
      const fault = this.#keeper.fault(error);
      this.#keepFault(fault);
      const words = this.#board.status.state === "words-ready";
      this.#set({
        state: words ? "degraded" : "failed",
        reason: words
          ? `Words can be searched; vectors stopped: ${sentence(fault)} Update the index to go on.`
          : sentence(fault),
      });
      throw fault;
    } finally {
      this.#current = undefined;
    }
  }

  /** Words: what changed since the last time. */
  async #readDocuments(signal: AbortSignal, retry: boolean): Promise<void> {
    const scan = await scanFolder(this.folder.path, this.#exclude, signal);
    const { skipped, changed } = await readChanged(this.#holdings, scan, {
      signal,
      retry,
      ready: () => this.#queue.step(signal),
      read: (file) => {
        this.#pool ??= openReaderPool();
        const knownHash = this.#holdings.files.get(file.path)?.hash;
        const job = { folderPath: this.folder.path, folder: this.folder.id, path: file.path };
        return this.#pool.read({ ...job, ...(knownHash ? { knownHash } : {}) }, signal);
      },
      commit: async (plan) => {
        this.#keeper.mustHold();
        const commit = commitFiles(this.#keeper.store, this.#holdings, plan);
        this.#replacing = plan.replaced.length > 0 ? commit.catch(() => undefined) : undefined;
        await commit.finally(() => (this.#replacing = undefined));
      },
      progress: (done, total, rate, etaSeconds) =>
        this.#set({ state: "scanning", reason: `Reading documents: ${done} of ${total}.`, rate, etaSeconds }),
    });
    await this.#keeper.remember(skipped, changed);
    const { done, total } = this.#holdings.counts();
    // Where no vector is missing, or nothing makes any, none follows: who asks for the state of a search is not told that one does.
    const following = this.#embedder && !this.#keeper.memoryReason && done < total;
    if (following) this.#set({ state: "words-ready", reason: "Words can be searched; vectors follow." });
    else this.#settle();
    if (changed) await this.#keeper.maintain();
  }

  async #embedMissing(signal: AbortSignal): Promise<void> {
    if (!this.#embedder || this.#keeper.memoryReason) return;
    await embedMissing(this.#holdings, this.#keeper.store.tables, this.#embedder, {
      signal,
      ready: () => this.#queue.step(signal),
      // Words of a saved file come before vectors of all others; what waits will embed the rest.
      interrupted: () => this.#queue.waiting > 0,
      progress: (rate, etaSeconds) => {
        const reason = `Words can be searched; vectors follow${this.#keeper.servingId ? `, those of ${this.#keeper.servingId} serve meanwhile` : ""}.`;
        this.#set({ state: "words-ready", reason, rate, etaSeconds });
      },
    });
    await this.#keeper.switchOver();
  }

  async #refreshReader(): Promise<void> {
    if (performance.now() - this.#refreshed < refreshMilliseconds) return;
    this.#refreshed = performance.now();
    if (await this.#keeper.refresh()) this.#settle();
  }

  async #beWriter(): Promise<void> {
    if (await this.#keeper.takeLease()) return;
    throw new Error(`Another Searchlight keeps the index of ${this.folder.name}; close it, or let it do this.`);
  }

  /** Does what any window or the terminal asked of whoever writes this index. */
  #obey(): void {
    const paused = this.#control.paused();
    if (paused && !this.#queue.paused) {
      this.#queue.pause();
      this.#set({ state: "paused", reason: "Indexing is paused; resume it to take in the rest and what changes." });
    } else if (!paused && this.#queue.paused) {
      this.#queue.resume();
      this.#settle();
    }
    if (!this.#keeper.writes) return;
    for (const request of this.#control.take()) this.#answer(request);
  }

  #answer(request: IndexRequest): void {
    const { signal } = this.#ending;
    if (request === "cancel") this.#current?.abort();
    else if (request === "rebuild") this.rebuild(signal).catch(() => undefined);
    else if (request === "retry") this.retry(signal).catch(() => undefined);
    else {
      this.prune(signal).catch((error: unknown) => {
        const reason = `Pruning failed: ${message(error)}.`;
        this.#keepFault(reason);
        this.#set({ reason });
      });
    }
  }

  #keepFault(error: unknown): void {
    this.#board.set({ errors: addFault(this.folder.indexHome, error) });
  }

  #settle(note?: string): void {
    if (!this.#queue.paused) this.#board.settle(this.#keeper.memoryReason, note);
    this.#board.set({ role: this.#keeper.writes ? "writer" : "reader" });
  }

  #set(change: Partial<IndexStatus>): void {
    this.#board.set(change);
  }
}

function message(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/\.$/, "");
}

function sentence(error: Error): string {
  return `${message(error)}.`;
}
