import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SkippedFile } from "../../protocol/index-status.ts";
import type { Lance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import { adoptStore, checkStore } from "./adopt-store.ts";
import { Holdings } from "./holdings.ts";
import { type IndexPlace, placeText } from "./index-place.ts";
import { type IndexStore, clearFolder, clearStore, connectStore, openIndexStore } from "./index-store.ts";
import { type Lease, takeLease } from "./lease.ts";
import { maintainStore } from "./maintain-store.ts";
import { type IndexHead, readHead, writeHead } from "./manifest.ts";
import { openMemoryStore } from "./memory-store.ts";
import { PlaceFault, faultKind, placeFault } from "./place-fault.ts";
import { checkOneWins } from "./place-check.ts";
import { takePlaceLease } from "./place-lease.ts";
import { publishSnapshot } from "./publish-snapshot.ts";
import type { SearchSources } from "./search-tables.ts";
import { type ServingVectors, openServing } from "./serving-vectors.ts";
import type { Snapshot } from "./snapshot-catalog.ts";
import { vectorTableName, vectorTablePrefix } from "./vector-table.ts";

export interface KeeperOptions {
  place: IndexPlace;
  placeKey?: string | undefined;
  leaseHome: string;
  /** Of the folder, for sentences. */
  name: string;
  holdings: Holdings;
  embedder?: Embedder | null;
  embedderSpec?: string;
  openEmbedder?: (spec: string) => Promise<Embedder | undefined>;
  readOnly?: boolean;
}

type Store = Omit<IndexStore, "database"> & Partial<Pick<IndexStore, "database">>;

/** Holds what is stored of one index: its lease, its tables while they are opened, cleared and opened again, and which vectors serve. */
export class StoreKeeper {
  readonly #options: KeeperOptions;
  readonly #embedder: Embedder | null;
  readonly #holdings: Holdings;
  #lance: Lance | undefined;
  #store: Store | undefined;
  #lease: Lease | undefined;
  #serving: ServingVectors | undefined;
  #seen = "";
  /** Why the index is in memory alone; undefined where it is stored. */
  memoryReason: string | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#embedder = options.embedder ?? null;
    this.#holdings = options.holdings;
  }

  get store(): Store {
    return this.#store!;
  }

  get writes(): boolean {
    return this.#lease?.held() ?? false;
  }

  /** Whether a damaged index may be cleared without being asked: one that others share may not. */
  get mendable(): boolean {
    return this.writes && this.#options.place.kind === "folder" && !this.memoryReason;
  }

  /** The embedder whose vectors serve while those of the chosen one are made. */
  get servingId(): string | undefined {
    return this.#serving?.embedder.id;
  }

  /** Opens what is stored. Gives a sentence where that was not plain, and whether it tells of damage. Rejects with a `PlaceFault`. */
  async open(lance: Lance): Promise<{ note?: string; damaged?: boolean }> {
    this.#lance = lance;
    const { place } = this.#options;
    try {
      const note = await this.#open();
      return note === undefined ? {} : { note };
    } catch (error) {
      const fault = placeFault(place, error);
      if (place.kind === "store" || fault.kind === "newer") throw fault;
      if (fault.kind === "read-only" || fault.kind === "full") return { note: this.openMemory(fault.message) };
      if (!this.writes) throw fault;
      // Derived data: whatever is wrong with it, the documents are still there to build it from.
      await this.clear();
      return { note: `The index was damaged (${firstLine(error)}) and is built anew.`, damaged: true };
    }
  }

  openMemory(reason: string): string {
    this.memoryReason = `${reason} Words are searched in memory.`;
    this.#store = openMemoryStore();
    this.#lease = { held: () => true, release: () => undefined };
    return this.memoryReason;
  }

  /** True when this process writes the index. Takes over where the writer is gone. */
  async takeLease(): Promise<boolean> {
    if (this.#options.readOnly) return false;
    if (this.#lease?.held()) return true;
    const taken = await this.#tryLease();
    if (!taken) return false;
    this.#lease = taken;
    // What the writer before committed last, and what its end left.
    if (this.#store) await this.#adopt(true).catch((error: unknown) => this.#clearDamaged(error));
    return true;
  }

  mustHold(): void {
    if (!this.writes) throw new Error(`Another process took over the index of ${this.#options.name}`);
  }

  sources(): SearchSources {
    const { tables } = this.store;
    const passagesOfHash = (hash: string): readonly string[] => this.#holdings.passagesOfHash(hash);
    const serving = this.#serving;
    if (!serving) return { tables, embedder: this.#embedder, passagesOfHash };
    const searchVectors: typeof tables.searchVectors = (...search) => serving.table.search(...search);
    return { tables: { ...tables, searchVectors }, embedder: serving.embedder, passagesOfHash };
  }

  /** Looks for what other processes committed; true where there is something. */
  async refresh(): Promise<boolean> {
    const { tables, files } = this.store;
    await tables.refresh();
    const versions = `${await files.version()} ${await tables.versions()}`;
    if (versions === this.#seen || this.writes) return false;
    const { state } = this.store;
    const reading = await readHead(state);
    const head = reading.kind === "ok" ? reading.head : undefined;
    // Who has become the writer meanwhile knows better than what was read before.
    if (!(await adoptStore(this.store, this.#holdings, head, () => !this.writes))) return false;
    this.#seen = versions;
    return true;
  }

  /** Writes down how an update of words ended. */
  async remember(skipped: SkippedFile[], changed: boolean): Promise<void> {
    const { state } = this.store;
    if (JSON.stringify(skipped) !== JSON.stringify(this.#holdings.skipped)) {
      this.#holdings.skipped = skipped;
      await state.put("skipped", JSON.stringify(skipped));
    }
    if (!changed) return;
    this.#holdings.updatedAt = new Date().toISOString();
    await state.put("updatedAt", this.#holdings.updatedAt);
  }

  async maintain(): Promise<void> {
    if (!this.writes) return;
    await maintainStore(this.store, this.#holdings);
  }

  /** From here on the chosen embedder's vectors serve, if all of them are there. */
  async switchOver(): Promise<void> {
    if (!this.#embedder || !this.writes || this.#holdings.counts().done < this.#holdings.counts().total) return;
    await this.store.tables.maintain();
    const { id, dimension } = this.#embedder;
    const value = JSON.stringify({ spec: this.#options.embedderSpec ?? id, id, dimension });
    if ((await this.store.state.get("serving")) !== value) await this.store.state.put("serving", value);
    await this.#closeServing();
  }

  async prune(): Promise<{ before: number; after: number }> {
    const { tables, database } = this.store;
    const size = async (): Promise<number> => {
      const { live, onDisk } = await tables.bytes();
      return onDisk ?? live;
    };
    const before = await size();
    const unused = [...this.#holdings.unused];
    await tables.removeVectors(unused);
    const own = this.#embedder && vectorTableName(this.#embedder.id, this.#embedder.dimension);
    const serving = this.#serving && vectorTableName(this.#serving.embedder.id, this.#serving.embedder.dimension);
    for (const name of (await database?.names()) ?? []) {
      if (name.startsWith(vectorTablePrefix) && name !== own && name !== serving) await database?.drop(name);
    }
    await tables.prune();
    this.#removeForeign();
    this.#holdings.dropVectors(unused);
    return { before, after: await size() };
  }

  /** Copies the index as it is to a place where nothing changes it any more. */
  async publish(
    target: IndexPlace,
    options: { key?: string | undefined; signal: AbortSignal; onProgress?(done: number, total: number): void },
  ): Promise<{ snapshot: Snapshot; made: boolean }> {
    const { database } = this.store;
    if (!database || this.memoryReason)
      throw new PlaceFault("other", `${this.memoryReason ?? "The index is not open."} There is nothing to publish.`);
    const { done, total } = this.#holdings.counts();
    if (total === 0) throw new PlaceFault("other", "The index holds no passages; there is nothing to publish.");
    if (this.#embedder && done < total)
      throw new PlaceFault(
        "other",
        `Only ${done} of ${total} passages have a vector; let the index finish, or publish words alone.`,
      );
    const own = this.#embedder;
    const embedder = own && { spec: this.#options.embedderSpec ?? own.id, id: own.id, dimension: own.dimension };
    return publishSnapshot(this.#lance!, database, this.#holdings, target, {
      ...options,
      folder: this.#options.name,
      embedder,
    });
  }

  /** Removes the index and opens an empty one. */
  async clear(): Promise<void> {
    await this.#closeServing();
    const database = this.#store?.database;
    // Whoever searches meanwhile finds nothing, not a table that is gone.
    this.#store = openMemoryStore();
    this.#holdings.become(new Holdings());
    if (this.memoryReason) return;
    if (database) await clearStore(database);
    else if (this.#options.place.kind === "folder") clearFolder(this.#options.place.path);
    await this.#open();
  }

  /** A failure as one sentence; those of the place say what to do about it. */
  fault(error: unknown): Error {
    if (faultKind(error) !== "other") return placeFault(this.#options.place, error);
    return error instanceof Error ? error : new Error(String(error));
  }

  async close(): Promise<void> {
    await this.#closeServing();
    await this.#lease?.release();
    this.#store?.database?.close();
  }

  async #open(): Promise<string | undefined> {
    const { place, placeKey, name, readOnly } = this.#options;
    // A folder's lease needs no tables, so that one whose tables are damaged can be cleared.
    if (place.kind === "folder" && !readOnly && !this.#lease?.held()) this.#lease = await this.#tryLease();
    const { database, state } = await connectStore(this.#lance!, place, { key: placeKey });
    // Known from here on, so that an index that turns out to be damaged can be cleared.
    this.#store = { ...openMemoryStore(), database, state };
    if (!readOnly && !this.#lease?.held()) this.#lease = await this.#tryLease();
    const reading = await readHead(state);
    if (reading.kind === "newer")
      throw new PlaceFault(
        "newer",
        `The index of ${name} was written by a later Searchlight; update Searchlight, or delete ${placeText(place)}.`,
      );
    if (reading.kind === "rebuild" && this.writes) {
      const { reason } = reading;
      await this.clear();
      return reason;
    }
    if (reading.kind === "none" && this.writes) {
      if (place.kind === "store") await checkOneWins(this.#lance!, place, { key: placeKey });
      await writeHead(state);
    }
    this.#store = await openIndexStore(this.#lance!, database, state, this.#embedder, this.writes);
    await this.#adopt(this.writes, reading.kind === "ok" ? reading.head : undefined);
    return undefined;
  }

  /** Takes over what is stored; a writer holds it to what it says. */
  async #adopt(check: boolean, known?: IndexHead): Promise<void> {
    let head = known;
    if (!head) {
      const reading = await readHead(this.store.state);
      head = reading.kind === "ok" ? reading.head : undefined;
    }
    await this.store.tables.refresh();
    this.#seen = `${await this.store.files.version()} ${await this.store.tables.versions()}`;
    await adoptStore(this.store, this.#holdings, head);
    if (check) await checkStore(this.store, this.#holdings);
    await this.#findServing(head);
  }

  async #findServing(head: IndexHead | undefined): Promise<void> {
    const { openEmbedder } = this.#options;
    const { done, total } = this.#holdings.counts();
    const serving = head?.serving;
    if (!this.#embedder || !serving || !openEmbedder || !this.#store?.database || this.#serving || done >= total)
      return;
    if (serving.id === this.#embedder.id && serving.dimension === this.#embedder.dimension) return;
    this.#serving = await openServing(this.#lance!, this.#store.database, serving, openEmbedder);
  }

  async #tryLease(): Promise<Lease | undefined> {
    const { place, leaseHome } = this.#options;
    if (place.kind === "store") {
      const taken = await takePlaceLease(this.store.state);
      return taken.ok ? taken.lease : undefined;
    }
    try {
      const taken = takeLease(leaseHome);
      return taken.ok ? taken.lease : undefined;
    } catch (error) {
      // Where nothing can be written, what is there can still be read. A missing folder that cannot be made is told as ENOENT.
      const { code = "", syscall } = error as NodeJS.ErrnoException;
      if (["EROFS", "EACCES", "EPERM"].includes(code) || (code === "ENOENT" && syscall === "mkdir")) return undefined;
      throw error;
    }
  }

  async #clearDamaged(error: unknown): Promise<void> {
    if (faultKind(error) !== "damaged" || !this.mendable) throw error;
    await this.clear();
  }

  async #closeServing(): Promise<void> {
    const serving = this.#serving;
    this.#serving = undefined;
    await serving?.embedder.close();
  }

  /** What earlier versions kept beside the index, and what a crash left while an index was cleared. */
  #removeForeign(): void {
    const { place, leaseHome } = this.#options;
    if (place.kind !== "folder") return;
    for (const entry of listed(leaseHome)) {
      const earlier =
        entry.isDirectory() && listed(join(leaseHome, entry.name)).some(({ name }) => name === "manifest.json");
      if (earlier || /\.removed-\d+$/.test(entry.name))
        rmSync(join(leaseHome, entry.name), { recursive: true, force: true });
    }
  }
}

function listed(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/\.$/, "");
}
