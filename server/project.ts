import type { Embedder, EmbedderDeps } from "./models/embedder.ts";
import { openEmbedder } from "./models/open-embedder.ts";
import type { Folder } from "./home.ts";
import { type FolderIndex, openFolderIndex } from "./index/folder-index.ts";
import { type IndexPlace, parsePlace, placeOfFolder } from "./index/index-place.ts";
import { PlaceFault } from "./index/place-fault.ts";
import { type TrajectoryStore, openTrajectoryStore } from "./trajectories/store.ts";

/** A folder with its index and its trajectories, as the server and the terminal both use it. */
export interface Project {
  folder: Folder;
  index: FolderIndex;
  store: TrajectoryStore;
  embedder: Embedder | null;
  /** Why there are no vectors; undefined when there is an embedder. */
  wordsOnly?: string;
  close(): Promise<void>;
}

export interface ProjectOptions {
  /** `minilm`, `openai:MODEL@URL` or `none`. */
  embedder: string;
  exclude?: readonly string[];
  /** Where an embedding endpoint's key and proxy come from; the environment where absent. */
  embedding?: EmbedderDeps;
  /** Where the indexes of folders are: a folder or a store's address. Absent or empty: `SEARCHLIGHT_INDEX`, else beside the folder's other data. */
  indexPlace?: string;
}

export async function openProject(folder: Folder, options: ProjectOptions): Promise<Project> {
  const embedding = await openEmbedder(options.embedder, options.embedding);
  const embedder = embedding.ok ? embedding.embedder : null;
  const index = await openIndexAs(folder, folder.name, embedder, options);
  const store = await openTrajectoryStore(folder.trajectoriesHome);
  return {
    folder,
    index,
    store,
    embedder,
    ...(embedding.ok ? {} : { wordsOnly: embedding.reason }),
    async close() {
      await index.close();
      store.close();
      if (embedder) await embedder.close();
    },
  };
}

/**
 * The index of documents that were added to a folder, with the embedder of that folder's. At a place that holds the indexes of many its name
 * is its id: two added folders of one name are not the same documents, as two clones of a project are.
 */
export function openAddedIndex(
  folder: Folder,
  embedder: Embedder | null,
  options: ProjectOptions,
): Promise<FolderIndex> {
  return openIndexAs(folder, folder.id, embedder, options);
}

async function openIndexAs(
  folder: Folder,
  placeName: string,
  embedder: Embedder | null,
  options: ProjectOptions,
): Promise<FolderIndex> {
  return openFolderIndex(folder, {
    embedder,
    embedderSpec: options.embedder,
    openEmbedder: async (spec) => {
      const earlier = await openEmbedder(spec, options.embedding);
      return earlier.ok ? earlier.embedder : undefined;
    },
    exclude: [...(options.exclude ?? [])],
    ...(await placeOf(placeName, options)),
  });
}

/** The place of a folder's index and its key. Throws a `PlaceFault` where the setting names none. */
async function placeOf(
  name: string,
  { indexPlace, embedding }: ProjectOptions,
): Promise<{ place?: IndexPlace; placeKey?: string | undefined }> {
  const text = indexPlace || process.env["SEARCHLIGHT_INDEX"] || "";
  if (text === "") return {};
  const parsed = parsePlace(text);
  if (!parsed.ok) throw new PlaceFault("other", parsed.reason);
  const place = placeOfFolder(parsed.place, name);
  // Keys are kept for the place as it is written in the settings.
  return { place, ...(place.kind === "store" ? { placeKey: await embedding?.key?.(text) } : {}) };
}

/**
 * Resolves once the folder's words can be searched; vectors may still be on their way. Resolves also when the index
 * failed or was paused, since a search then says so itself.
 */
export async function wordsReady(index: FolderIndex, signal: AbortSignal): Promise<void> {
  const settled = (): boolean => !["none", "scanning"].includes(index.status().state);
  if (settled() || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      unsubscribe();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const unsubscribe = index.onStatus(() => {
      if (settled()) finish();
    });
    signal.addEventListener("abort", finish, { once: true });
  });
}
