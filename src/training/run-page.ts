import * as vscode from "vscode";
import type { Params } from "../../protocol/message.ts";
import { fromRunPage, type toRunPage } from "../../protocol/run-page-messages.ts";
import type { RunRef } from "../../protocol/run-messages.ts";
import { PagePanel } from "../views/page-panel.ts";
import { dispatchFrom } from "../views/viewer-messages.ts";
import { runPageHandlers } from "./run-page-handlers.ts";
import type { RunPageParts } from "./run-pages.ts";

const restricted = "In Restricted Mode nothing is started or changed; trust this workspace to steer runs.";

/** Sends one of the messages of the page. */
export type PostToRunPage = <K extends keyof typeof toRunPage>(
  method: K,
  params: Params<(typeof toRunPage)[K]>,
) => void;

/**
 * The page of one run. It is given the whole picture whenever it starts, and after the server started again; between, the run's events
 * as they come. The page itself sees to it that none is missed or counted twice.
 */
export class RunPage implements vscode.Disposable {
  readonly #parts: RunPageParts;
  readonly #panel: vscode.WebviewPanel;
  readonly #ref: RunRef;
  readonly #page: PagePanel;
  readonly #subscriptions: vscode.Disposable[];
  #asking = false;
  #facts: { recipe: string; folder?: string | undefined } | undefined;

  constructor(parts: RunPageParts, panel: vscode.WebviewPanel, ref: RunRef) {
    this.#parts = parts;
    this.#panel = panel;
    this.#ref = ref;
    const { context, faults, server, runs } = parts;
    const handlers = runPageHandlers(
      { ...parts, ref, post: this.#post, facts: () => this.#facts, reload: () => this.#page.load() },
      () => {
        this.#page.cameUp();
        return this.#tellAll();
      },
    );
    this.#page = new PagePanel({
      ...{ context, panel, faults, bundle: "run", title: "Training run" },
      ...{ name: "the run page", sentenceName: "The page of the training run" },
      receive: (raw, onFault) => dispatchFrom(fromRunPage, raw, handlers, onFault),
    });
    this.#subscriptions = [
      this.#page,
      runs.onDidReceive(({ host, id, events }) => {
        if (id === ref.id && host === ref.host) this.#post("events", { events });
      }),
      runs.onDidChange(() => {
        const summary = runs.find(ref);
        if (summary) this.#post("summary", { summary });
      }),
      server.onDidStart(() => void this.#tellAll()),
      server.onDidChangeState((state) => {
        if (state === "waiting")
          this.#post("banner", { message: "The server stopped unexpectedly and is being restarted; the run goes on." });
        if (state === "given-up")
          this.#post("banner", {
            message: "The server stopped too often and is not running; the run goes on without being watched.",
          });
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#tellAll()),
    ];
    this.#page.load();
  }

  reveal(): void {
    this.#panel.reveal();
  }

  close(): void {
    this.#panel.dispose();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    void this.#parts.server.notify("unwatchRun", this.#ref);
  }

  async #tellAll(): Promise<void> {
    if (!this.#page.ready || this.#asking) return;
    this.#asking = true;
    try {
      const watched = await this.#parts.server.request("watchRun", this.#ref);
      const { summary, recipe, folder, picture } = watched;
      this.#facts = { recipe, folder };
      this.#panel.title = summary.name;
      this.#post("run", {
        run: this.#ref,
        summary,
        recipe,
        local: folder !== undefined,
        ...(vscode.workspace.isTrusted ? {} : { restricted }),
        picture,
      });
      this.#post("banner", {});
    } catch (error) {
      this.#parts.faults.report("reading a run", error);
      this.#post("banner", { message: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#asking = false;
    }
  }

  readonly #post: PostToRunPage = (method, params) => {
    this.#page.post({ method, params });
  };
}
