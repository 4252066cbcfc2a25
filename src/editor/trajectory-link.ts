import { isAbsolute } from "node:path";
import * as vscode from "vscode";

const extensionId = "searchlight.searchlight";
const form = /^[0-9A-Za-z_-]{1,64}$/;

/** Puts a link on the clipboard that opens a stored trajectory in this editor: `vscode://searchlight.searchlight/trajectory/ID`. */
export async function copyLink(id: string): Promise<void> {
  if (!form.test(id))
    throw new Error("This trajectory is not in the store, so no link leads to it; copy its id instead.");
  await vscode.env.clipboard.writeText(`${vscode.env.uriScheme}://${extensionId}/trajectory/${id}`);
  void vscode.window.setStatusBarMessage("Searchlight: link copied", 3000);
}

/** Puts a link on the clipboard that opens a file of trajectories in this editor, and in it the record of an id. */
export async function copyFileLink(path: string, id: string): Promise<void> {
  const query = new URLSearchParams({ path, id });
  await vscode.env.clipboard.writeText(`${vscode.env.uriScheme}://${extensionId}/file?${query}`);
  void vscode.window.setStatusBarMessage("Searchlight: link copied", 3000);
}

export interface LinkTargets {
  /** Shows a trajectory of the stores of the open folders. */
  trajectory(id: string): Promise<unknown>;
  /** Shows a record of a file. */
  file(path: string, id: string): Promise<unknown>;
}

/**
 * Opens such links when the editor is given one; the editor asks the person first. A link comes from anywhere, so a file is only
 * opened where its name is that of trajectories, and only by the read-only editor.
 */
export function trajectoryLinks(targets: LinkTargets): vscode.Disposable {
  return vscode.window.registerUriHandler({
    handleUri(uri) {
      const [, id] = /^\/trajectory\/([^/]+)$/.exec(uri.path) ?? [];
      if (id !== undefined && form.test(id)) return void targets.trajectory(id);
      const query = new URLSearchParams(uri.query);
      const path = query.get("path") ?? "";
      if (uri.path === "/file" && isAbsolute(path) && /(^|[\\/.])trajectories\.jsonl$/.test(path))
        return void targets.file(path, query.get("id") ?? "");
      void vscode.window.showWarningMessage("This link leads to no trajectory of Searchlight.");
    },
  });
}
