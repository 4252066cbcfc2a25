import * as vscode from "vscode";
import type { Parts } from "../parts.ts";

const longestQuery = 2_000;

/** Opens the retrieval inspector; text that is selected in the editor is searched for. */
export async function inspectRetrieval(parts: Parts): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const selected = editor?.document.getText(editor.selection).trim().replace(/\s+/g, " ");
  await parts.inspectors.show(selected ? selected.slice(0, longestQuery) : undefined);
}
