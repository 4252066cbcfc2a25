import * as vscode from "vscode";
import type { Params } from "../../protocol/message.ts";
import { fromInspector, type toInspector } from "../../protocol/inspector-messages.ts";
import { openPlace } from "../editor/open-place.ts";
import { showFault } from "../show-fault.ts";
import { indexBanner } from "../views/index-text.ts";
import { PagePanel } from "../views/page-panel.ts";
import { dispatchFrom } from "../views/viewer-messages.ts";
import type { InspectorParts } from "./inspectors.ts";

/** Passages that are shown before and after one. */
const neighboursShown = 2;

/** The retrieval inspector's panel: hosts its page, asks the server what the page wants searched, and opens places. */
export class Inspector implements vscode.Disposable {
  readonly #parts: InspectorParts;
  readonly #panel: vscode.WebviewPanel;
  readonly #page: PagePanel;
  readonly #subscriptions: vscode.Disposable[];
  /** A query that waits for the page to be up. */
  #query: string | undefined;
  #search: AbortController | undefined;

  constructor(parts: InspectorParts, panel: vscode.WebviewPanel) {
    this.#parts = parts;
    this.#panel = panel;
    const { context, faults, server, statuses, sources } = parts;
    const handlers = this.#handlers();
    this.#page = new PagePanel({
      ...{ context, panel, faults, bundle: "inspector", title: "Retrieval" },
      ...{ name: "the inspector", sentenceName: "The retrieval inspector" },
      receive: (raw, onFault) => dispatchFrom(fromInspector, raw, handlers, onFault),
    });
    this.#subscriptions = [
      this.#page,
      statuses.onDidChange(() => this.#tellState()),
      sources.onDidChange(() => this.#tellState()),
      server.onDidChangeState(() => this.#tellState()),
    ];
    this.#page.load();
  }

  /** Brings the panel into sight; a query is put into it and searched for. */
  reveal(query?: string): void {
    if (query !== undefined) this.#query = query;
    this.#panel.reveal();
    this.#tellQuery();
  }

  dispose(): void {
    this.#search?.abort();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #handlers(): Parameters<typeof dispatchFrom<typeof fromInspector>>[2] {
    const { faults, server } = this.#parts;
    const orTell =
      <P>(act: (params: P) => unknown) =>
      async (params: P): Promise<void> => {
        try {
          await act(params);
        } catch (error) {
          faults.report("the inspector", error);
          showFault(error, faults);
        }
      };
    return {
      ready: () => {
        this.#page.cameUp();
        this.#tellState();
        this.#tellQuery();
      },
      search: (search) => this.#find(search),
      around: (asked) => this.#findAround(asked),
      open: orTell(({ place }) => openPlace(server.request, place)),
      copy: orTell(({ text }) => vscode.env.clipboard.writeText(text)),
      reload: () => this.#page.load(),
      fault: ({ message }) => faults.report("the inspector failed", message),
    };
  }

  /** A search that a later one overtakes is given up. */
  async #find({ seq, ...search }: Params<(typeof fromInspector)["search"]>): Promise<void> {
    const { server, settings } = this.#parts;
    this.#search?.abort();
    const controller = new AbortController();
    this.#search = controller;
    try {
      if (settings.current().folders.length === 0)
        throw new Error("No folder is open, so there is nothing to search; open a folder first.");
      const found = await server.request("search", search, controller.signal);
      this.#post("found", { seq, ...found });
    } catch (error) {
      if (!controller.signal.aborted)
        this.#post("searchFailed", { seq, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #findAround({ passage, place }: Params<(typeof fromInspector)["around"]>): Promise<void> {
    try {
      const neighbours = await this.#parts.server.request("neighbours", { passage, place, count: neighboursShown });
      this.#post("around", { passage, neighbours });
    } catch (error) {
      this.#post("around", { passage, message: error instanceof Error ? error.message : String(error) });
    }
  }

  #tellQuery(): void {
    if (!this.#page.ready || this.#query === undefined) return;
    this.#post("query", { query: this.#query });
    this.#query = undefined;
  }

  #tellState(): void {
    const { statuses, sources, server } = this.#parts;
    const note = server.state === "given-up" ? "The server is not running; restart it." : indexBanner(statuses.all);
    const folders = sources.all.length > 0 ? sources.all : statuses.all;
    this.#post("state", {
      folders: folders.map(({ folder }) => folder),
      ...(note === undefined ? {} : { note }),
    });
  }

  #post<K extends keyof typeof toInspector>(method: K, params: Params<(typeof toInspector)[K]>): void {
    this.#page.post({ method, params });
  }
}
