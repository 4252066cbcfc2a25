import * as vscode from "vscode";

/** Opens a link of a document outside the editor, after the editor's own question. Only http and https are followed. */
export async function openLink(url: string): Promise<void> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== "http:" && target?.protocol !== "https:") {
    throw new Error("Only http and https links are opened; copy the link to use it elsewhere.");
  }
  await vscode.env.openExternal(vscode.Uri.parse(target.href, true));
}
