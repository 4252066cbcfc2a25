import * as vscode from "vscode";
import type { Parts } from "../parts.ts";

/** Asks for a question (unless given one) and starts it in the view. */
export async function ask(parts: Parts, given?: unknown): Promise<string | undefined> {
  if (!(await folderIsOpen(parts))) return undefined;
  const question = typeof given === "string" ? given : await askFor("");
  return question?.trim() ? start(parts, question.trim()) : undefined;
}

/** Asks about the text selected in the editor. */
export async function askSelection(parts: Parts): Promise<string | undefined> {
  if (!(await folderIsOpen(parts))) return undefined;
  const editor = vscode.window.activeTextEditor;
  const selected = editor ? editor.document.getText(editor.selection).replace(/\s+/g, " ").trim() : "";
  if (!selected) {
    void vscode.window.showInformationMessage("Nothing is selected; select the text to ask about in an editor first.");
    return undefined;
  }
  const question = await askFor(`What do the documents say about “${selected.slice(0, 300)}”?`);
  return question?.trim() ? start(parts, question.trim()) : undefined;
}

async function start(parts: Parts, question: string): Promise<string> {
  await parts.view.reveal();
  return parts.questions.ask(question);
}

function askFor(value: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "Ask the documents of this workspace",
    placeHolder: "A question; the answer cites the files it comes from",
    value,
    ignoreFocusOut: true,
  });
}

async function folderIsOpen(parts: Parts): Promise<boolean> {
  if (parts.settings.current().folders.length > 0) return true;
  const open = "Open Folder";
  const choice = await vscode.window.showInformationMessage(
    "No folder is open, so there are no documents to ask about.",
    open,
  );
  if (choice === open) await vscode.commands.executeCommand("workbench.action.files.openFolder");
  return false;
}
