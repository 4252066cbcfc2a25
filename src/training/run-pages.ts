import * as vscode from "vscode";
import type { RunRef } from "../../protocol/run-messages.ts";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { Questions } from "../questions/questions.ts";
import type { TrajectoryView } from "../views/trajectory-view.ts";
import type { RunPage } from "./run-page.ts";
import type { Runs } from "./runs.ts";

export const runPageType = "searchlight.run";

export interface RunPageParts {
  context: vscode.ExtensionContext;
  faults: Faults;
  server: ServerLink;
  questions: Questions;
  view: TrajectoryView;
  runs: Runs;
}

/** The open run pages, one a run. Pages of before a reload of the window are given back by the editor. */
export class RunPages implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #parts: RunPageParts;
  readonly #pages = new Map<string, RunPage>();

  constructor(parts: RunPageParts) {
    this.#parts = parts;
  }

  /** Shows a run's page, opening it where it is not. */
  async show(ref: RunRef, title: string): Promise<void> {
    const open = this.#pages.get(keyOf(ref));
    if (open) return open.reveal();
    const panel = vscode.window.createWebviewPanel(runPageType, title, vscode.ViewColumn.Active, {});
    await this.#fill(panel, ref);
  }

  /** A page that the editor kept over a reload. Its state comes from disk and may be anything. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { RunPageState } = await import("../../protocol/run-page-messages.ts");
    const kept = RunPageState.safeParse((state as { run?: unknown } | undefined)?.run);
    if (!kept.success || this.#pages.has(keyOf(kept.data))) return panel.dispose();
    await this.#fill(panel, kept.data);
  }

  /** A run that was removed has no page. */
  close(ref: RunRef): void {
    this.#pages.get(keyOf(ref))?.close();
  }

  dispose(): void {
    for (const page of this.#pages.values()) page.dispose();
  }

  async #fill(panel: vscode.WebviewPanel, ref: RunRef): Promise<void> {
    const { RunPage } = await import("./run-page.ts");
    const key = keyOf(ref);
    const page = new RunPage(this.#parts, panel, ref);
    this.#pages.set(key, page);
    panel.onDidDispose(() => {
      page.dispose();
      if (this.#pages.get(key) === page) this.#pages.delete(key);
    });
  }
}

function keyOf({ host, id }: RunRef): string {
  return `${host ?? ""} ${id}`;
}
