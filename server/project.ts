import type { Embedder, EmbedderDeps } from "./models/embedder.ts";
import { openEmbedder } from "./models/open-embedder.ts";
import type { Folder } from "./home.ts";
import { type FolderIndex, openFolderIndex } from "./index/folder-index.ts";
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
}

export async function openProject(folder: Folder, options: ProjectOptions): Promise<Project> {
  const embedding = await openEmbedder(options.embedder, options.embedding);
  const embedder = embedding.ok ? embedding.embedder : null;
  const index = await openFolderIndex(folder, { embedder, exclude: [...(options.exclude ?? [])] });
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
