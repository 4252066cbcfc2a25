import * as vscode from "vscode";
import type { IndexStatus } from "../../protocol/index-status.ts";

/** The state of each folder's index as the server last told it. */
export class IndexStatuses implements vscode.Disposable {
  readonly #byFolder = new Map<string, IndexStatus>();
  readonly #changed = new vscode.EventEmitter<void>();

  readonly onDidChange = this.#changed.event;

  get all(): readonly IndexStatus[] {
    return [...this.#byFolder.values()];
  }

  put(status: IndexStatus): void {
    this.#byFolder.set(status.folder.id, status);
    this.#changed.fire();
  }

  /** Replaces all: folders that are not among them are no longer open. */
  reset(statuses: readonly IndexStatus[]): void {
    this.#byFolder.clear();
    for (const status of statuses) this.#byFolder.set(status.folder.id, status);
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
