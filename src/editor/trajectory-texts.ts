import * as vscode from "vscode";
import { trajectoryIdOf, trajectoryScheme } from "../../protocol/trajectory-uri.ts";
import type { Request } from "../client/messages.ts";

/** The read-only documents that show trajectories as text. The server makes the text, and describes it by its own means. */
export class TrajectoryTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #server: { request: Request };
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();

  readonly onDidChange = this.#changed.event;

  constructor(server: { request: Request }) {
    this.#server = server;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const id = trajectoryIdOf(uri.toString());
    const text = id === undefined ? null : (await this.#server.request("trajectoryText", { id })).text;
    if (text !== null) return text;
    throw new Error("This question is not in the store of an open folder; open the folder it was asked in.");
  }

  /** A question ended: what was opened while it ran is read again. */
  refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === trajectoryScheme) this.#changed.fire(uri);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
