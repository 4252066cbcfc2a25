import type { IndexStatus } from "../../protocol/index-status.ts";
import type { SearchMode } from "../../protocol/passage.ts";
import type { FolderRef } from "../../protocol/place.ts";
import type { Embedder } from "../models/embedder.ts";
import type { Holdings } from "./holdings.ts";

/** The state of one index as it is told to watchers: counts come from the holdings, words from whoever changes it. */
export class StatusBoard {
  readonly #embedder: Embedder | null;
  readonly #holdings: Holdings;
  readonly #listeners = new Set<(status: IndexStatus) => void>();
  #status: IndexStatus;

  constructor(folder: FolderRef, embedder: Embedder | null, holdings: Holdings) {
    this.#embedder = embedder;
    this.#holdings = holdings;
    this.#status = {
      folder: { id: folder.id, name: folder.name },
      state: "none",
      reason: "The folder has not been indexed.",
      files: 0,
      passages: 0,
      vectors: { done: 0, total: 0 },
      skipped: [],
      embedder: embedder ? { id: embedder.id, dimension: embedder.dimension } : null,
      role: "reader",
    };
  }

  get status(): IndexStatus {
    return this.#status;
  }

  listen(listener: (status: IndexStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes the state and tells it. Rate and time left hold for one change only. */
  set(change: Partial<IndexStatus>): void {
    const { rate: _rate, etaSeconds: _eta, ...kept } = this.#status;
    const { done, total } = this.#holdings.counts();
    const { readFiles, skipped, updatedAt } = this.#holdings;
    this.#status = {
      ...kept,
      files: readFiles,
      passages: total,
      vectors: { done: this.#embedder ? done : 0, total: this.#embedder ? total : 0 },
      skipped: [...skipped],
      ...(updatedAt ? { updatedAt } : {}),
      ...change,
    };
    for (const listener of this.#listeners) listener(this.#status);
  }

  /** The state that the counts amount to when nothing is in progress. */
  settle(memoryReason: string | undefined, note?: string): void {
    const { done, total } = this.#holdings.counts();
    const { readFiles } = this.#holdings;
    if (memoryReason) return this.set({ state: "degraded", reason: memoryReason });
    if (total === 0 && readFiles === 0) {
      return this.set({
        state: "none",
        reason:
          note ??
          "No documents were found; Markdown, HTML, PDF, Word documents, notebooks, source code and text are read.",
      });
    }
    if (!this.#embedder)
      return this.set({ state: "degraded", reason: note ?? "Search uses words only: there is no embedder." });
    if (done < total)
      return this.set({
        state: "words-ready",
        reason: note ?? "Words can be searched; some vectors are missing until the next update.",
      });
    this.set({ state: "ready", reason: note ?? "Words and vectors of every document can be searched." });
  }

  /** What a search in this mode cannot find at the moment; undefined when nothing. `servingId`: whose vectors serve meanwhile. */
  coverage(mode: SearchMode, servingId?: string): string | undefined {
    const { state, folder, vectors } = this.#status;
    if (state === "scanning") return `${folder.name}: documents are still being read`;
    if (mode === "words") return undefined;
    if (!this.#embedder) return `${folder.name}: words only`;
    if (servingId) return `${folder.name}: vectors of ${servingId} until those of ${this.#embedder.id} are there`;
    return vectors.done < vectors.total
      ? `${folder.name}: vectors for ${vectors.done} of ${vectors.total} passages`
      : undefined;
  }
}
