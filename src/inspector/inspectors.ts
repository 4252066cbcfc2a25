import * as vscode from "vscode";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { DocumentSources } from "../index-view/document-sources.ts";
import type { Settings } from "../settings.ts";
import type { IndexStatuses } from "../views/index-statuses.ts";
import type { Inspector } from "./inspector.ts";

export const inspectorType = "searchlight.inspector";

export interface InspectorParts {
  context: vscode.ExtensionContext;
  faults: Faults;
  server: ServerLink;
  settings: Settings;
  statuses: IndexStatuses;
  sources: DocumentSources;
}

/** The window's one retrieval inspector, also the one that the editor kept over a reload. */
export class Inspectors implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #parts: InspectorParts;
  #open: Inspector | undefined;

  constructor(parts: InspectorParts) {
    this.#parts = parts;
  }

  async show(query?: string): Promise<void> {
    if (!this.#open) {
      const panel = vscode.window.createWebviewPanel(
        inspectorType,
        "Retrieval Inspector",
        vscode.ViewColumn.Active,
        {},
      );
      await this.#fill(panel);
    }
    this.#open?.reveal(query);
  }

  /** The page itself reads what the editor kept of it. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#open) panel.dispose();
    else await this.#fill(panel);
  }

  dispose(): void {
    this.#open?.dispose();
  }

  async #fill(panel: vscode.WebviewPanel): Promise<void> {
    const { Inspector } = await import("./inspector.ts");
    const inspector = new Inspector(this.#parts, panel);
    this.#open = inspector;
    panel.onDidDispose(() => {
      inspector.dispose();
      if (this.#open === inspector) this.#open = undefined;
    });
  }
}
