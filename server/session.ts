import { existsSync, statSync } from "node:fs";
import type { IndexStatus } from "../protocol/index-status.ts";
import type { ServerOptions } from "../protocol/server-messages.ts";
import { type Folder, openFolder } from "./home.ts";
import type { FolderIndex } from "./index/folder-index.ts";
import type { EmbedderDeps } from "./models/embedder.ts";
import { type Project, openProject } from "./project.ts";

/**
 * The folders of one editor window. A folder's index and store are opened on first need and stay open; the index is
 * brought up to date behind whatever else happens.
 */
export class Session {
  readonly folders: readonly Folder[];
  readonly settings: ServerOptions["settings"];
  readonly trusted: boolean;
  readonly #projects = new Map<string, Promise<Project>>();
  readonly #updates = new Map<string, Promise<void>>();
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
  }

  /** Fires when the session ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  isOpen(folder: Folder): boolean {
    return this.#projects.has(folder.id);
  }

  project(folder: Folder): Promise<Project> {
    let project = this.#projects.get(folder.id);
    if (!project) {
      project = this.#open(folder);
      // A folder that failed to open is tried again at the next need, not remembered as failed.
      project.catch(() => this.#projects.delete(folder.id));
      this.#projects.set(folder.id, project);
    }
    return project;
  }

  projects(): Promise<Project[]> {
    return Promise.all(this.folders.map((folder) => this.project(folder)));
  }

  /** The state of each folder's index; a folder that cannot be opened is reported as failed, with its reason. */
  statuses(): Promise<IndexStatus[]> {
    return Promise.all(
      this.folders.map(async (folder) => {
        try {
          return (await this.project(folder)).index.status();
        } catch (error) {
          return failedStatus(folder, error);
        }
      }),
    );
  }

  /** Brings a folder's index up to date; a second call while one runs joins it. */
  update(folder: Folder): Promise<void> {
    const running = this.#updates.get(folder.id);
    if (running) return running;
    const update = this.project(folder)
      .then((project) => project.index.update(this.signal))
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.#onFault(`indexing ${folder.name}`, error);
      })
      .finally(() => this.#updates.delete(folder.id));
    this.#updates.set(folder.id, update);
    return update;
  }

  /** Builds a folder's index anew behind whatever else happens. Throws where another process keeps it. */
  rebuild(folder: Folder, index: FolderIndex): void {
    if (index.status().role === "reader") {
      throw new Error(`Another Searchlight keeps the index of ${folder.name}; close it, or rebuild there.`);
    }
    index.rebuild(this.signal).catch((error: unknown) => {
      if (!this.signal.aborted) this.#onFault(`rebuilding the index of ${folder.name}`, error);
    });
  }

  updateAll(): void {
    for (const folder of this.folders) void this.update(folder);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#updates.values());
    for (const project of await Promise.allSettled(this.#projects.values())) {
      if (project.status === "fulfilled") await project.value.close();
    }
  }

  async #open(folder: Folder): Promise<Project> {
    const { embedder, exclude } = this.settings;
    const project = await openProject(folder, { embedder: embedder || "minilm", exclude, embedding: this.#embedding });
    project.index.onStatus(this.#onStatus);
    return project;
  }
}

function failedStatus(folder: Folder, error: unknown): IndexStatus {
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
  };
}
