import type { IndexStatus } from "../../protocol/index-status.ts";
import type { Hit, Neighbours, Passage, SearchMode } from "../../protocol/passage.ts";
import type { Folder } from "../home.ts";
import type { Embedder } from "../models/embedder.ts";
import type { IndexPlace } from "./index-place.ts";
import type { Snapshot } from "./snapshot-catalog.ts";

export interface IndexOptions {
  embedder?: Embedder | null;
  /** What opens the embedder; recorded, so that its vectors can serve while those of a later choice are made. */
  embedderSpec?: string;
  openEmbedder?: (spec: string) => Promise<Embedder | undefined>;
  /** Patterns in the form of `.gitignore`. */
  exclude?: readonly string[];
  readOnly?: boolean;
  /** Where the index is; beside the folder's other data where absent. */
  place?: IndexPlace;
  /** Key of a store, from the editor's secrets; the environment is asked where absent. */
  placeKey?: string | undefined;
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
  /** An update that also reads the files again which are skipped until they change; whoever keeps the index does it. */
  retry(signal: AbortSignal): Promise<void>;
  rebuild(signal: AbortSignal): Promise<void>;
  /** Removes vectors that no text needs, those of other embedders, and old versions. Gives the bytes before and after. */
  prune(signal: AbortSignal): Promise<{ before: number; after: number }>;
  /** Holds all indexing of this folder, by whichever process, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the update in progress, by whichever process; what is committed stays. */
  cancel(): void;
  /** Copies the index as it is, frozen, to a place that a run elsewhere names. Rejects with one sentence where it is not complete. */
  publish(target: IndexPlace, options: PublishRequest): Promise<{ snapshot: Snapshot; made: boolean }>;
  search(query: string, k: number, mode: SearchMode, signal: AbortSignal): Promise<{ hits: Hit[]; coverage?: string }>;
  /** Passages of the same file around one that a search gave, up to `count` on each side; none where the file has changed since. */
  neighbours(passage: Pick<Passage, "id" | "place">, count: number): Promise<Neighbours>;
  close(): Promise<void>;
}

export interface PublishRequest {
  /** Key of the store, from the editor's secrets; the environment is asked where absent. */
  key?: string | undefined;
  signal: AbortSignal;
  /** Rows copied so far, of all. */
  onProgress?(done: number, total: number): void;
}
