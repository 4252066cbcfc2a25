import { randomBytes } from "node:crypto";
import { type Stats, unwatchFile, watchFile } from "node:fs";
import { basename } from "node:path";
import * as vscode from "vscode";
import type { toFileView } from "../../protocol/file-view-messages.ts";
import type { Params } from "../../protocol/message.ts";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import { Comparison } from "./comparison.ts";
import { shownName, trajectoriesOf } from "./choose-trajectories.ts";
import type { SavedFilters } from "./saved-filters.ts";
import { viewerHtml } from "../views/viewer-html.ts";

export const trajectoryEditorType = "searchlight.trajectories";
/** The same editor, offered for the `run.json` of a run beside the editor of text. */
export const runEditorType = "searchlight.runTrajectories";

/** A page that has not reported itself by then is told of; it may be loaded anew, or the file opened as text. */
const readyMilliseconds = 15_000;
/** A file that is being written changes many times a second; it is looked at this often. */
const changeMilliseconds = 1000;

export interface TrajectoryEditorParts {
  context: vscode.ExtensionContext;
  faults: Faults;
  server: ServerLink;
}

/** Sends one of the messages of the page. */
export type PostToFileView = <K extends keyof typeof toFileView>(
  method: K,
  params: Params<(typeof toFileView)[K]>,
) => void;

interface FileDocument extends vscode.CustomDocument {
  /** Where the trajectories are: the document itself, or what stands beside the `run.json` of a run. */
  file: vscode.Uri;
  /** Id of the record that a link led to; taken by the first page. */
  select: string | undefined;
  /** What it is to be compared with from the beginning. */
  against: vscode.Uri | undefined;
}

/**
 * The read-only editor of a file of trajectories. It reads nothing itself: the language server reads the file by ranges, and the page
 * is given rows and single records. It needs no folder and no trust.
 */
export class TrajectoryEditor implements vscode.CustomReadonlyEditorProvider<FileDocument> {
  readonly #parts: TrajectoryEditorParts;
  readonly #selections = new Map<string, string>();
  readonly #comparisons = new Map<string, vscode.Uri>();
  #filters: SavedFilters | undefined;

  constructor(parts: TrajectoryEditorParts) {
    this.#parts = parts;
  }

  /** Opens a file compared with another. */
  async compare(against: vscode.Uri, uri: vscode.Uri): Promise<void> {
    this.#comparisons.set(uri.toString(), against);
    await this.open(uri);
  }

  /** Opens a file, and in it the record of an id where one is given. */
  async open(uri: vscode.Uri, id?: string): Promise<void> {
    if (id !== undefined) this.#selections.set(uri.toString(), id);
    await vscode.commands.executeCommand("vscode.openWith", uri, trajectoryEditorType);
  }

  openCustomDocument(uri: vscode.Uri): FileDocument {
    const key = uri.toString();
    const select = this.#selections.get(key);
    this.#selections.delete(key);
    const against = this.#comparisons.get(key);
    this.#comparisons.delete(key);
    const file = trajectoriesOf(uri);
    return {
      uri,
      file,
      select,
      against,
      dispose: () => void this.#parts.server.notify("trajectoryFileClosed", { path: file.fsPath }),
    };
  }

  async resolveCustomEditor(document: FileDocument, panel: vscode.WebviewPanel): Promise<void> {
    const { context, faults, server } = this.#parts;
    const { uri: opened, file: uri } = document;
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const post: PostToFileView = (method, params) => void webview.postMessage({ method, params });
    const tell = (): void => {
      const { select } = document;
      document.select = undefined;
      const against = comparison.path === undefined ? {} : { against: comparison.name };
      post("file", {
        name: opened === uri ? basename(uri.path) : shownName(uri.fsPath),
        ...(select === undefined ? {} : { select }),
        ...against,
      });
    };
    const comparison = new Comparison(uri, tell);
    if (document.against) comparison.begin(document.against);
    document.against = undefined;
    const { fileHandlers } = await import("./file-handlers.ts");
    const { dispatchFrom } = await import("../views/viewer-messages.ts");
    const { fromFileView } = await import("../../protocol/file-view-messages.ts");
    const { annotationsPath } = await import("../../protocol/annotations.ts");
    const { SavedFilters } = await import("./saved-filters.ts");
    const everywhere = (this.#filters ??= new SavedFilters(context.globalState));
    let waiting: NodeJS.Timeout | undefined;
    const asText = (): Thenable<unknown> => vscode.commands.executeCommand("vscode.openWith", opened, "default");
    const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    const load = (): void => {
      clearTimeout(waiting);
      waiting = setTimeout(() => panel.visible && offerWays(opened, faults, load, asText), readyMilliseconds);
      webview.html = viewerHtml({
        cspSource: webview.cspSource,
        nonce: randomBytes(16).toString("base64"),
        scriptUri: resource("trajectories.js"),
        styleUri: resource("trajectories.css"),
        title: "Trajectories",
      });
    };
    const handlers = fileHandlers(
      { uri, post, server, faults, memory: context.workspaceState, everywhere, comparison, reload: load, asText },
      () => {
        clearTimeout(waiting);
        post("savedFilters", { filters: everywhere.all });
        tell();
      },
    );
    const subscriptions = [
      webview.onDidReceiveMessage((raw: unknown) => {
        dispatchFrom(fromFileView, raw, handlers, (fault) => faults.report("the trajectory editor", fault)).catch(
          (error: unknown) => faults.report("a message of the trajectory editor", error),
        );
      }),
      watch(uri, tell),
      // What another window says of its trajectories.
      watch(uri.with({ path: annotationsPath(uri.path) }), tell),
      // Another server has read nothing yet, and what was asked of the one before is not answered any more.
      server.onDidStart(tell),
      everywhere.onDidChange((filters) => post("savedFilters", { filters })),
      comparison,
    ];
    panel.onDidDispose(() => {
      clearTimeout(waiting);
      if (comparison.path !== undefined) void server.notify("trajectoryFileClosed", { path: comparison.path });
      for (const subscription of subscriptions) subscription.dispose();
    });
    load();
  }
}

/**
 * Calls back when the file changes. It is looked at in turns: the editor's watchers miss changes made while they start, and those of
 * folders on other machines.
 */
function watch({ fsPath, scheme }: vscode.Uri, onChange: () => void): vscode.Disposable {
  if (scheme !== "file") return { dispose: () => undefined };
  const listener = ({ mtimeMs, size }: Stats, before: Stats): void => {
    if (mtimeMs !== before.mtimeMs || size !== before.size) onChange();
  };
  watchFile(fsPath, { interval: changeMilliseconds, persistent: false }, listener);
  return { dispose: () => unwatchFile(fsPath, listener) };
}

function offerWays(uri: vscode.Uri, faults: Faults, load: () => void, asText: () => unknown): void {
  faults.report("the trajectory editor", "its page did not start");
  const [reload, text] = ["Reload", "Open as Text"];
  void vscode.window
    .showWarningMessage(`The view of ${basename(uri.path)} did not start.`, reload, text)
    .then((choice) => (choice === reload ? load() : choice === text ? asText() : undefined));
}
