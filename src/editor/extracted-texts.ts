import * as vscode from "vscode";
import { extractedTextOf, extractedTextScheme } from "../../protocol/extracted-text-uri.ts";
import type { Request } from "../client/messages.ts";

/**
 * The read-only documents that show the text of a PDF's page or of a Word document, whose lines are what places in them count.
 * A lens above the text opens the file itself.
 */
export class ExtractedTexts implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  readonly #server: { request: Request };
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable[];

  readonly onDidChange = this.#changed.event;

  constructor(server: { request: Request }) {
    this.#server = server;
    const files = vscode.workspace.createFileSystemWatcher("**/*.{pdf,docx,PDF,DOCX}");
    this.#subscriptions = [
      this.#changed,
      files,
      files.onDidChange(() => this.#refresh()),
      files.onDidCreate(() => this.#refresh()),
      vscode.workspace.registerTextDocumentContentProvider(extractedTextScheme, this),
      vscode.languages.registerCodeLensProvider({ scheme: extractedTextScheme }, this),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const which = extractedTextOf(uri.query);
    const reply = which && (await this.#server.request("extractedText", which));
    if (reply?.text !== undefined) return reply.text;
    throw new Error(reply?.reason ?? "This is no text of a document; open it from a hit or a citation.");
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const which = extractedTextOf(document.uri.query);
    const reply = which && (await this.#server.request("extractedText", which));
    if (reply?.file === undefined) return [];
    const page = which?.page === undefined ? "" : ` (page ${which.page})`;
    const title = `Open ${which?.path}${page}`;
    return [
      new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
        title,
        command: "vscode.open",
        arguments: [vscode.Uri.file(reply.file)],
      }),
    ];
  }

  /** A file changed: what is shown of such files is taken out again. */
  #refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments)
      if (uri.scheme === extractedTextScheme) this.#changed.fire(uri);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
