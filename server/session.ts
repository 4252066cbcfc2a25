import { existsSync, statSync } from "node:fs";
import type { IndexFault, IndexStatus } from "../protocol/index-status.ts";
import type { ServerOptions } from "../protocol/server-messages.ts";
import { type Folder, openFolder } from "./home.ts";
import { addFault } from "./index/fault-log.ts";
import type { FolderIndex } from "./index/folder-index.ts";
import { IndexSizes } from "./index-sizes.ts";
import type { EmbedderDeps, EmbedderOpening } from "./models/embedder.ts";
import { openEmbedder } from "./models/open-embedder.ts";
import { type Project, type ProjectOptions, openAddedIndex, openProject } from "./project.ts";

/**
 * The folders of one editor window, and those of the documents that were added to them. A folder's index and store are opened on
 * first need and stay open; the index is brought up to date behind whatever else happens.
 */
export class Session {
  /** Those of the workspace. */
  readonly folders: readonly Folder[];
  #added: readonly Folder[] = [];
  readonly settings: ServerOptions["settings"];
  readonly trusted: boolean;
  readonly #projects = new Map<string, Promise<Project>>();
  /** Indexes of added documents; they have no trajectories. */
  readonly #indexes = new Map<string, { opening: Promise<FolderIndex>; leaving: AbortController }>();
  readonly #updates = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();
  /** Failures of folders whose index could not be opened; an opened one tells its own. */
  readonly #unopened = new Map<string, IndexFault[]>();
  readonly #sizes: IndexSizes;
  #embedder: Promise<EmbedderOpening> | undefined;
  readonly #ending = new AbortController();
  readonly #onStatus: (status: IndexStatus) => void;
  readonly #onFault: (where: string, error: unknown) => void;
  readonly #embedding: EmbedderDeps;

  constructor(
    options: ServerOptions,
    onStatus: (status: IndexStatus) => void,
    onFault: (where: string, error: unknown) => void,
    embedding: EmbedderDeps = {},
  ) {
    this.folders = options.folders.flatMap(({ name, path }) => {
      // A folder can be gone from disk while the window still lists it.
      if (!existsSync(path) || !statSync(path).isDirectory()) return [];
      return [{ ...openFolder(path), name }];
    });
    this.settings = options.settings;
    this.trusted = options.trusted;
    this.#onStatus = onStatus;
    this.#onFault = onFault;
    this.#embedding = embedding;
    this.#sizes = new IndexSizes((folder) => void this.#tellAgain(folder));
  }

  /** Everything that is searched: the workspace's folders, then added ones. */
  get searched(): readonly Folder[] {
    return [...this.folders, ...this.#added];
  }

  /** Says which folders are searched beside those of the workspace. Resolves when the indexes of those that are no longer are closed. */
  async setAdded(folders: readonly Folder[]): Promise<void> {
    this.#added = folders.filter(({ id }, at) => folders.findIndex((each) => each.id === id) === at);
    const ids = new Set(this.#added.map(({ id }) => id));
    const left = [...this.#indexes].filter(([id]) => !ids.has(id));
    for (const [id] of left) this.#indexes.delete(id);
    await Promise.all(
      left.map(async ([id, { opening, leaving }]) => {
        leaving.abort();
        await this.#updates.get(id);
        const index = await opening.catch(() => undefined);
        await index?.close();
      }),
    );
  }

  /** Fires when the session ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  isOpen(folder: Folder): boolean {
    return this.#projects.has(folder.id) || this.#indexes.has(folder.id);
  }

  /** The index of any searched folder. */
  async index(folder: Folder): Promise<FolderIndex> {
    if (this.folders.some(({ id }) => id === folder.id)) return (await this.project(folder)).index;
    const open = this.#indexes.get(folder.id);
    if (open) return open.opening;
    const opening = this.#openAdded(folder);
    opening.catch((error: unknown) => {
      this.#indexes.delete(folder.id);
      this.#unopened.set(folder.id, addFault(folder.indexHome, error));
    });
    this.#indexes.set(folder.id, { opening, leaving: new AbortController() });
    return opening;
  }

  /** The indexes of everything that is searched. Added documents that cannot be opened are left out: their status says why. */
  async indexes(): Promise<FolderIndex[]> {
    const own = (await this.projects()).map((project) => project.index);
    const added = await Promise.allSettled(this.#added.map((folder) => this.index(folder)));
    return [...own, ...added.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : []))];
  }

  project(folder: Folder): Promise<Project> {
    let project = this.#projects.get(folder.id);
    if (!project) {
      project = this.#open(folder);
      // A folder that failed to open is tried again at the next need, not remembered as failed.
      project.catch((error: unknown) => {
        this.#projects.delete(folder.id);
        this.#unopened.set(folder.id, addFault(folder.indexHome, error));
      });
      this.#projects.set(folder.id, project);
    }
    return project;
  }

  projects(): Promise<Project[]> {
    return Promise.all(this.folders.map((folder) => this.project(folder)));
  }

  /** The state of each searched folder's index; a folder that cannot be opened is reported as failed, with its reason. */
  statuses(): Promise<IndexStatus[]> {
    return Promise.all(this.searched.map((folder) => this.#statusOf(folder)));
  }

  /**
   * Brings a folder's index up to date. While that is in progress, all further calls share one more: what is in progress may have
   * looked at the folder before what they are about was there.
   */
  update(folder: Folder): Promise<void> {
    const running = this.#updates.get(folder.id);
    if (running) {
      const next = this.#next.get(folder.id) ?? running.then(() => this.#updateNext(folder));
      this.#next.set(folder.id, next);
      return next;
    }
    if (!this.searched.some(({ id }) => id === folder.id)) return Promise.resolve();
    const update = this.index(folder)
      .then((index) => index.update(this.#signalFor(folder)))
      .catch((error: unknown) => this.#failed(folder, `indexing ${folder.name}`, error))
      .finally(() => this.#updates.delete(folder.id));
    this.#updates.set(folder.id, update);
    return update;
  }

  /** Builds a folder's index anew behind whatever else happens. Throws where another process keeps it. */
  rebuild(folder: Folder, index: FolderIndex): void {
    if (index.status().role === "reader") {
      throw new Error(`Another Searchlight keeps the index of ${folder.name}; close it, or rebuild there.`);
    }
    index
      .rebuild(this.signal)
      .catch((error: unknown) => this.#failed(folder, `rebuilding the index of ${folder.name}`, error));
  }

  /** Reads the files again that are skipped until they change, behind whatever else happens. */
  retry(folder: Folder, index: FolderIndex): void {
    index
      .retry(this.#signalFor(folder))
      .catch((error: unknown) => this.#failed(folder, `reading the skipped files of ${folder.name} again`, error));
  }

  /** Removes what an index no longer needs; answers the bytes that were freed. */
  async prune(folder: Folder, index: FolderIndex): Promise<number> {
    const { before, after } = await index.prune(this.#signalFor(folder));
    this.#sizes.forget(folder);
    await this.#tellAgain(folder);
    return Math.max(0, before - after);
  }

  updateAll(): void {
    for (const folder of this.searched) void this.update(folder);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#sizes.close();
    await Promise.allSettled(this.#updates.values());
    for (const index of await Promise.allSettled([...this.#indexes.values()].map(({ opening }) => opening))) {
      if (index.status === "fulfilled") await index.value.close();
    }
    const embedding = await this.#embedder;
    if (embedding?.ok) await embedding.embedder.close();
    for (const project of await Promise.allSettled(this.#projects.values())) {
      if (project.status === "fulfilled") await project.value.close();
    }
  }

  async #open(folder: Folder): Promise<Project> {
    const project = await openProject(folder, this.#projectOptions());
    project.index.onStatus((status) => this.#tell(folder, status));
    return project;
  }

  /** Added documents share one embedder, whose model takes memory. */
  async #openAdded(folder: Folder): Promise<FolderIndex> {
    const options = this.#projectOptions();
    this.#embedder ??= openEmbedder(options.embedder, this.#embedding);
    const embedding = await this.#embedder;
    const index = await openAddedIndex(folder, embedding.ok ? embedding.embedder : null, options);
    index.onStatus((status) => this.#tell(folder, status));
    return index;
  }

  #projectOptions(): ProjectOptions {
    const { embedder, exclude, indexPlace } = this.settings;
    return { embedder: embedder || "minilm", exclude, indexPlace, embedding: this.#embedding };
  }

  #updateNext(folder: Folder): Promise<void> {
    this.#next.delete(folder.id);
    return this.signal.aborted ? Promise.resolve() : this.update(folder);
  }

  /** Ends with the session, and for an added folder when it is no longer one. */
  #signalFor(folder: Folder): AbortSignal {
    const leaving = this.#indexes.get(folder.id)?.leaving.signal;
    return leaving ? AbortSignal.any([this.signal, leaving]) : this.signal;
  }

  async #statusOf(folder: Folder): Promise<IndexStatus> {
    try {
      return this.#withFacts(folder, (await this.index(folder)).status());
    } catch (error) {
      return this.#withFacts(folder, failedStatus(folder, error, this.#unopened.get(folder.id)));
    }
  }

  async #tellAgain(folder: Folder): Promise<void> {
    if (!this.signal.aborted && this.searched.some(({ id }) => id === folder.id))
      this.#onStatus(await this.#statusOf(folder));
  }

  #tell(folder: Folder, status: IndexStatus): void {
    if (this.searched.some(({ id }) => id === folder.id)) this.#onStatus(this.#withFacts(folder, status));
  }

  /** What the index itself does not say: the name that the window gives the folder, and its size. */
  #withFacts(folder: Folder, status: IndexStatus): IndexStatus {
    const bytes = status.bytes ?? this.#sizes.of(folder, status);
    return {
      ...status,
      folder: { id: folder.id, name: folder.name },
      ...(bytes === undefined ? {} : { bytes }),
    };
  }

  #failed(folder: Folder, where: string, error: unknown): void {
    if (this.signal.aborted || !this.searched.some(({ id }) => id === folder.id)) return;
    // Somebody stopped it: the index itself says so.
    if (error instanceof Error && error.name === "AbortError") return;
    this.#onFault(where, error);
    void this.#tellAgain(folder);
  }
}

function failedStatus(folder: Folder, error: unknown, errors: IndexFault[] = []): IndexStatus {
  return {
    folder: { id: folder.id, name: folder.name },
    state: "failed",
    reason: error instanceof Error ? error.message : String(error),
    files: 0,
    passages: 0,
    vectors: { done: 0, total: 0 },
    skipped: [],
    embedder: null,
    role: "reader",
    ...(errors.length > 0 ? { errors } : {}),
  };
}
