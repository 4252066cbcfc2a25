import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Faults } from "../faults.ts";
import { type ViewerPage, viewerHtml } from "./viewer-html.ts";

/** A page that has not reported itself by then is told of in the log and offered a reload. */
const readyMilliseconds = 15_000;

export interface PagePanelSpec {
  context: vscode.ExtensionContext;
  panel: vscode.WebviewPanel;
  faults: Faults;
  /** Name of its script and its styles in `dist`. */
  bundle: string;
  title: NonNullable<ViewerPage["title"]>;
  /** As the log names it ("the inspector"), and as a sentence about it begins. */
  name: string;
  sentenceName: string;
  /** Acts on a message of the page. */
  receive(raw: unknown, onFault: (fault: string) => void): Promise<unknown>;
}

/**
 * The panel of a page in the editor area: its scripts and styles, its messages, and whether it has come up. A page that has not is sent
 * nothing, and a hidden one is thrown away by the editor: its successor reports itself as ready again.
 */
export class PagePanel implements vscode.Disposable {
  readonly #spec: PagePanelSpec;
  readonly #subscriptions: vscode.Disposable[];
  #ready = false;
  #waiting: NodeJS.Timeout | undefined;

  constructor(spec: PagePanelSpec) {
    this.#spec = spec;
    const { context, panel, faults, name } = spec;
    // The picture of a tab is drawn as it is: it takes no colour from the theme, as that of a view does.
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(context.extensionUri, "media", "icons", `searchlight-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, "dist")],
    };
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((raw: unknown) => {
        spec
          .receive(raw, (fault) => faults.report(name, fault))
          .catch((error: unknown) => faults.report(`a message of ${name}`, error));
      }),
      panel.onDidChangeViewState(() => !panel.visible && (this.#ready = false)),
    ];
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The page has reported itself. */
  cameUp(): void {
    clearTimeout(this.#waiting);
    this.#ready = true;
  }

  /** Loads the page, also in place of one that failed. */
  load(): void {
    const { context, panel, bundle, title } = this.#spec;
    const { webview } = panel;
    const resource = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, "dist", name)).toString();
    this.#ready = false;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#offerReload(), readyMilliseconds);
    webview.html = viewerHtml({
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      scriptUri: resource(`${bundle}.js`),
      styleUri: resource(`${bundle}.css`),
      title,
    });
  }

  post(message: { method: string; params: unknown }): void {
    if (this.#ready) void this.#spec.panel.webview.postMessage(message);
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #offerReload(): void {
    const { panel, faults, name, sentenceName } = this.#spec;
    if (this.#ready || !panel.visible) return;
    faults.report(name, "it did not start");
    const reload = "Reload Page";
    void vscode.window.showWarningMessage(`${sentenceName} did not start.`, reload).then((choice) => {
      if (choice === reload) this.load();
    });
  }
}
