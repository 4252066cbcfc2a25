import * as vscode from "vscode";
import type { Place } from "../../protocol/place.ts";
import { extractedTextUri, isExtracted } from "../../protocol/extracted-text-uri.ts";
import type { Request } from "../client/messages.ts";
import { placeRange } from "./place-range.ts";

/**
 * Opens the file of a place with its range selected, or the text that was taken out of it where it has no lines, and says when
 * the file changed since the place was made.
 */
export async function openPlace(request: Request, place: Place): Promise<void> {
  const resolved = await request("resolvePlace", { place });
  if (!resolved) {
    void vscode.window.showWarningMessage(`${place.path} is not in an open folder; open the folder it belongs to.`);
    return;
  }
  const uri = isExtracted(place) ? vscode.Uri.parse(extractedTextUri(place), true) : vscode.Uri.file(resolved.path);
  if (place.cell === undefined) await showRange(await vscode.workspace.openTextDocument(uri), place);
  else await showCell(uri, place, place.cell);
  if (resolved.stale) {
    void vscode.window.showWarningMessage(`${place.path} changed since it was read; the lines may have moved.`);
  }
}

async function showRange(document: vscode.TextDocument, place: Place): Promise<void> {
  const { startLine, startColumn, endLine, endColumn } = placeRange(place);
  const selection = document.validateRange(new vscode.Range(startLine, startColumn, endLine, endColumn));
  const editor = await vscode.window.showTextDocument(document, { selection, preview: true });
  editor.revealRange(selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** Lines of a place in a notebook count inside the cell, so they mean nothing in the file's own text. */
async function showCell(uri: vscode.Uri, place: Place, cell: number): Promise<void> {
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  const index = Math.min(cell, notebook.cellCount - 1);
  const range = new vscode.NotebookRange(index, index + 1);
  const editor = await vscode.window.showNotebookDocument(notebook, { selections: [range], preview: true });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  // A rendered Markdown cell has no text editor; selecting the cell is then all that can be done.
  if (notebook.cellAt(index).kind === vscode.NotebookCellKind.Code)
    await showRange(notebook.cellAt(index).document, place);
}
