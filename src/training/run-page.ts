import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Params } from "../../protocol/message.ts";
import { fromRunPage, type toRunPage } from "../../protocol/run-page-messages.ts";
import type { RunRef } from "../../protocol/run-messages.ts";
import { viewerHtml } from "../views/viewer-html.ts";
import { dispatchFrom } from "../views/viewer-messages.ts";
import { runPageHandlers } from "./run-page-handlers.ts";
import type { RunPageParts } from "./run-pages.ts";

/** A page that has not reported itself by then is told of in the log and offered a reload. */
const readyMilliseconds = 15_000;
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
  readonly #subscriptions: vscode.Disposable[];
  #ready = false;
  #asking = false;
  #facts: { recipe: string; folder?: string | undefined } | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(parts: RunPageParts, panel: vscode.WebviewPanel, ref: RunRef) {
    this.#parts = parts;
    this.#panel = panel;
    this.#ref = ref;
    const { context, faults, server, runs } = parts;
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, "media", "icons", "searchlight.svg");
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, "dist")],
    };
    const handlers = runPageHandlers({ ...parts, ref, post: this.#post, facts: () => this.#facts }, () => {
      clearTimeout(this.#waiting);
      this.#ready = true;
      return this.#tellAll();
    });
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((raw: unknown) => {
        dispatchFrom(fromRunPage, raw, handlers, (fault) => faults.report("the run page", fault)).catch(
          (error: unknown) => faults.report("a message of the run page", error),
        );
      }),
      // A hidden page is thrown away; its successor reports itself as ready again.
      panel.onDidChangeViewState(() => !panel.visible && (this.#ready = false)),
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
    this.#load();
  }

  reveal(): void {
    this.#panel.reveal();
  }

  close(): void {
    this.#panel.dispose();
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    for (const subscription of this.#subscriptions) subscription.dispose();
    void this.#parts.server.notify("unwatchRun", this.#ref);
  }

  #load(): void {
    const { context } = this.#parts;
    const { webview } = this.#panel;
    const resource = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, "dist", name)).toString();
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#offerReload(), readyMilliseconds);
    webview.html = viewerHtml({
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      scriptUri: resource("run.js"),
      styleUri: resource("run.css"),
      title: "Training run",
    });
  }

  async #tellAll(): Promise<void> {
    if (!this.#ready || this.#asking) return;
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
    if (this.#ready) void this.#panel.webview.postMessage({ method, params });
  };

  #offerReload(): void {
    if (this.#ready || !this.#panel.visible) return;
    this.#parts.faults.report("the run page", "it did not start");
    const reload = "Reload Page";
    void vscode.window.showWarningMessage("The page of the training run did not start.", reload).then((choice) => {
      if (choice === reload) this.#load();
    });
  }
}
