import * as vscode from "vscode";
import type { DocumentSource } from "../../protocol/documents.ts";

/** What is searched, as the server last told it. */
export class DocumentSources implements vscode.Disposable {
  #sources: readonly DocumentSource[] = [];
  readonly #changed = new vscode.EventEmitter<void>();

  readonly onDidChange = this.#changed.event;

  get all(): readonly DocumentSource[] {
    return this.#sources;
  }

  /** What was added to the folders of the workspace. */
  get added(): readonly DocumentSource[] {
    return this.#sources.filter(({ kind }) => kind !== "workspace");
  }

  find(id: string): DocumentSource | undefined {
    return this.#sources.find(({ folder }) => folder.id === id);
  }

  reset(sources: readonly DocumentSource[]): void {
    this.#sources = sources;
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
