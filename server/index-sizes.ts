import type { IndexStatus } from "../protocol/index-status.ts";
import { bytesBelow } from "./bytes-below.ts";
import type { Folder } from "./home.ts";

const settled = new Set<IndexStatus["state"]>(["ready", "degraded", "paused", "failed", "words-ready"]);
/** An index in progress changes with each commit; its size is looked at no more often than this. */
const leastMilliseconds = 5_000;

/** How much each index takes on disk, looked at in the background when the index may have changed. */
export class IndexSizes {
  readonly #bytes = new Map<string, number>();
  readonly #looked = new Map<string, { at: number; updatedAt: string | undefined }>();
  readonly #onChange: (folder: Folder) => void;
  readonly #due = new Map<string, NodeJS.Timeout>();
  readonly #least: number;
  #closed = false;

  /** @param least milliseconds between two looks at one index */
  constructor(onChange: (folder: Folder) => void, least = leastMilliseconds) {
    this.#onChange = onChange;
    this.#least = least;
  }

  /** The size as it was last looked at; undefined before the first look. A change is told by `onChange`. */
  of(folder: Folder, status: IndexStatus): number | undefined {
    const looked = this.#looked.get(folder.id);
    if (!this.#closed && settled.has(status.state) && (!looked || looked.updatedAt !== status.updatedAt)) {
      clearTimeout(this.#due.get(folder.id));
      const look = (): void => {
        this.#looked.set(folder.id, { at: performance.now(), updatedAt: status.updatedAt });
        void this.#look(folder);
      };
      const wait = looked ? looked.at + this.#least - performance.now() : 0;
      // The last change of a row comes too soon after the one before, and no status follows it.
      if (wait > 0) this.#due.set(folder.id, setTimeout(look, wait).unref());
      else look();
    }
    return this.#bytes.get(folder.id);
  }

  /** What is known of an index is not so any more. */
  forget(folder: Folder): void {
    this.#looked.delete(folder.id);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#due.values()) clearTimeout(timer);
  }

  async #look(folder: Folder): Promise<void> {
    const bytes = await bytesBelow(folder.indexHome);
    if (this.#closed || bytes === this.#bytes.get(folder.id)) return;
    this.#bytes.set(folder.id, bytes);
    this.#onChange(folder);
  }
}
