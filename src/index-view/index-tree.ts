import * as vscode from "vscode";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { Settings } from "../settings.ts";
import type { IndexStatuses } from "../views/index-statuses.ts";
import type { DocumentSources } from "./document-sources.ts";
import { type IndexRow, indexRows } from "./index-rows.ts";

export interface IndexTreeParts {
  server: ServerLink;
  settings: Settings;
  statuses: IndexStatuses;
  sources: DocumentSources;
  report: Faults["report"];
}

/** An index in progress tells of itself many times a second; a tree that is drawn as often cannot be clicked. */
const drawMilliseconds = 300;

/** The Index view: every source with its state, counts, size, model, skipped files and last errors. */
export class IndexTree implements vscode.TreeDataProvider<IndexRow>, vscode.Disposable {
  readonly #parts: IndexTreeParts;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #parents = new Map<string, IndexRow>();
  #timer: NodeJS.Timeout | undefined;
  #asked = false;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: IndexTreeParts) {
    this.#parts = parts;
    const { server, settings, statuses, sources } = parts;
    const draw = (): void => this.#drawSoon();
    this.#subscriptions = [
      this.#changed,
      statuses.onDidChange(draw),
      sources.onDidChange(draw),
      settings.onDidChange(() => this.refresh()),
      server.onDidStart(() => this.refresh()),
      server.onDidChangeState((state) => {
        void vscode.commands.executeCommand("setContext", "searchlight.serverStopped", state === "given-up");
        draw();
      }),
    ];
  }

  /** Asks the server again; another process may have added documents. */
  refresh(): void {
    this.#asked = false;
    this.#drawSoon();
  }

  async getChildren(row?: IndexRow): Promise<IndexRow[]> {
    if (row) return row.children ?? [];
    const { server, settings, statuses, sources, report } = this.#parts;
    if (settings.current().folders.length === 0 || server.state === "given-up") return [];
    if (!this.#asked) {
      this.#asked = true;
      try {
        const [{ sources: list }, { folders }] = await Promise.all([
          server.request("documentSources", {}),
          server.request("indexStatus", {}),
        ]);
        sources.reset(list);
        statuses.reset(folders);
      } catch (error) {
        report("reading the state of the index", error);
      }
    }
    const rows = indexRows(sources.all, statuses.all);
    this.#parents.clear();
    this.#remember(rows);
    return rows;
  }

  getParent(row: IndexRow): IndexRow | undefined {
    return this.#parents.get(row.id);
  }

  getTreeItem(row: IndexRow): vscode.TreeItem {
    const item = new vscode.TreeItem(row.label, foldOf(row, this.#parts.sources.all.length === 1));
    item.id = row.id;
    item.contextValue = row.context;
    item.iconPath = new vscode.ThemeIcon(row.icon, colourOf(row));
    if (row.description !== undefined) item.description = row.description;
    // A string is shown as it is: what a file or a site is called is never read as Markdown.
    item.tooltip = row.detail ?? row.label;
    item.accessibilityInformation = { label: [row.label, row.description].filter(Boolean).join(", ") };
    if (row.open) item.command = { command: "searchlight.openIndexRow", title: "Open", arguments: [row] };
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #drawSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire(undefined);
    }, drawMilliseconds);
  }

  #remember(rows: readonly IndexRow[]): void {
    for (const row of rows) {
      for (const child of row.children ?? []) this.#parents.set(child.id, row);
      this.#remember(row.children ?? []);
    }
  }
}

function foldOf(row: IndexRow, alone: boolean): vscode.TreeItemCollapsibleState {
  if (!row.children || row.children.length === 0) return vscode.TreeItemCollapsibleState.None;
  return alone && row.context.startsWith("source.")
    ? vscode.TreeItemCollapsibleState.Expanded
    : vscode.TreeItemCollapsibleState.Collapsed;
}

function colourOf({ tone }: IndexRow): vscode.ThemeColor | undefined {
  if (tone === "error") return new vscode.ThemeColor("list.errorForeground");
  return tone === "warning" ? new vscode.ThemeColor("list.warningForeground") : undefined;
}
