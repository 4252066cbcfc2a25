import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { Questions } from "../questions/questions.ts";
import type { Settings } from "../settings.ts";
import type { IndexStatuses } from "./index-statuses.ts";
import { viewBanner } from "./view-banner.ts";
import { viewerHtml } from "./viewer-html.ts";
import type { Envelope } from "./viewer-messages.ts";

export interface TrajectoryViewParts {
  context: vscode.ExtensionContext;
  faults: Faults;
  questions: Questions;
  server: ServerLink;
  statuses: IndexStatuses;
  settings: Settings;
}

/** A view that has not reported itself by then is told of in the log and offered a reload. */
const readyMilliseconds = 15_000;
/** A question is not held back for longer than this by a view that is slow to draw. */
const revealMilliseconds = 3000;

/** The Trajectory view: hosts the viewer page and keeps it told of what is shown. */
export class TrajectoryView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #parts: TrajectoryViewParts;
  readonly #subscriptions: vscode.Disposable[];
  #view: vscode.WebviewView | undefined;
  #ready = false;
  #waiting: NodeJS.Timeout | undefined;
  #crashed = false;
  #banner: string | undefined;
  readonly #becomesReady = new vscode.EventEmitter<void>();

  constructor(parts: TrajectoryViewParts) {
    this.#parts = parts;
    const { questions, server, statuses, settings } = parts;
    this.#subscriptions = [
      questions.onDidShow(({ trajectory }) => {
        // The crash is told of until the person goes on to something it did not touch.
        if (trajectory && trajectory.status !== "interrupted") this.#crashed = false;
        this.#show();
      }),
      questions.onDidApply((applied) => this.#post({ method: "event", params: applied })),
      server.onDidCrash(() => (this.#crashed = true)),
      server.onDidChangeState(() => this.#show()),
      // Each status of an index in progress would redraw the whole view; only a changed sentence does.
      statuses.onDidChange(() => this.#currentBanner() !== this.#banner && this.#show()),
      settings.onDidChange(() => this.#show()),
    ];
  }

  /** Brings the view into sight and waits until it can draw, so that a question is watched from its beginning. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand("searchlight.trajectory.focus");
    if (this.#ready) return;
    await new Promise<void>((resolve) => {
      const subscription = this.#becomesReady.event(() => finish());
      const timer = setTimeout(() => finish(), revealMilliseconds);
      const finish = (): void => {
        clearTimeout(timer);
        subscription.dispose();
        resolve();
      };
    });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { context, faults } = this.#parts;
    const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
    this.#view = view;
    this.#ready = false;
    view.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const received = view.webview.onDidReceiveMessage((raw: unknown) => {
      this.#receive(raw).catch((error: unknown) => faults.report("a message of the view", error));
    });
    const visibility = view.onDidChangeVisibility(() => {
      // A hidden page is thrown away; its successor reports itself as ready again.
      if (!view.visible) this.#ready = false;
    });
    view.onDidDispose(() => {
      clearTimeout(this.#waiting);
      received.dispose();
      visibility.dispose();
      this.#view = undefined;
      this.#ready = false;
    });
    this.#load(view);
    if (this.#parts.settings.current().folders.length > 0) this.#parts.server.start();
  }

  dispose(): void {
    for (const subscription of [...this.#subscriptions, this.#becomesReady]) subscription.dispose();
  }

  #load(view: vscode.WebviewView): void {
    this.#ready = false;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#offerReload(view), readyMilliseconds);
    const resource = (name: string): string =>
      view.webview.asWebviewUri(vscode.Uri.joinPath(this.#parts.context.extensionUri, "dist", name)).toString();
    view.webview.html = viewerHtml({
      cspSource: view.webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      scriptUri: resource("viewer.js"),
      styleUri: resource("viewer.css"),
    });
  }

  async #receive(raw: unknown): Promise<void> {
    const [{ dispatch }, { viewerHandlers }] = await Promise.all([
      import("./viewer-messages.ts"),
      import("./viewer-handlers.ts"),
    ]);
    const handlers = viewerHandlers(
      this.#parts,
      () => this.#becameReady(),
      (trajectoryId) => this.#sendTokenTexts(trajectoryId),
      (params) => this.#post({ method: "annotated", params }),
      () => this.#view && this.#load(this.#view),
    );
    await dispatch(raw, handlers, (fault) => this.#parts.faults.report("the view", fault));
  }

  async #becameReady(): Promise<void> {
    this.#ready = true;
    clearTimeout(this.#waiting);
    this.#show();
    this.#becomesReady.fire();
    await this.#parts.questions.restore();
  }

  #show(): void {
    const { questions, server, settings } = this.#parts;
    const { trajectory, live } = questions.shown;
    this.#banner = this.#currentBanner();
    const { folders, settings: values } = settings.current();
    const empty =
      folders.length === 0
        ? "no-folder"
        : server.state === "given-up"
          ? "server-down"
          : live
            ? "starting"
            : "no-question";
    const banner = this.#banner === undefined ? {} : { banner: this.#banner };
    this.#post({ method: "show", params: { trajectory, live, empty, ...banner, policy: values.policy } });
    if (trajectory && !live) void this.#inspect(trajectory.id);
  }

  /** What the server works out of a trajectory is shown when it comes; without it the record stands alone. */
  async #inspect(id: string): Promise<void> {
    const { server, faults } = this.#parts;
    if (!this.#ready || server.state === "given-up") return;
    try {
      const inspection = await server.request("inspectTrajectory", { id });
      if (inspection) this.#post({ method: "inspected", params: { trajectoryId: id, ...inspection } });
    } catch (error) {
      faults.report("looking into the shown trajectory", error);
    }
  }

  async #sendTokenTexts(trajectoryId: string): Promise<void> {
    const { trajectory } = this.#parts.questions.shown;
    if (trajectory?.id !== trajectoryId || !trajectory.tokens) return;
    const { tokenizer, ids } = trajectory.tokens;
    const { texts } = await this.#parts.server.request("tokenTexts", { tokenizer, ids });
    this.#post({ method: "tokenTexts", params: { trajectoryId, texts } });
  }

  #currentBanner(): string | undefined {
    return viewBanner(this.#parts.server.state, this.#crashed, this.#parts.statuses.all);
  }

  #post(message: Envelope): void {
    if (this.#ready) void this.#view?.webview.postMessage(message);
  }

  #offerReload(view: vscode.WebviewView): void {
    if (this.#ready || !view.visible || view !== this.#view) return;
    this.#parts.faults.report("the Trajectory view", "it did not start");
    const reload = "Reload View";
    const text = "Open as Text";
    const shown = this.#parts.questions.shownId !== undefined;
    void vscode.window
      .showWarningMessage("The Trajectory view did not start.", reload, ...(shown ? [text] : []))
      .then((choice) => {
        if (choice === reload && view === this.#view) this.#load(view);
        if (choice === text) void vscode.commands.executeCommand("searchlight.openTrajectoryText");
      });
  }
}
