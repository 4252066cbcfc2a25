import * as vscode from "vscode";
import { linkable, linkTarget } from "./link-target.ts";

const extensionId = "searchlight.searchlight";

/** Puts a link on the clipboard that opens a stored trajectory in this editor: `vscode://searchlight.searchlight/trajectory/ID`. */
export async function copyLink(id: string): Promise<void> {
  if (!linkable(id))
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

/** Opens such links when the editor is given one; the editor asks the person first, and a file opens in the read-only editor. */
export function trajectoryLinks(targets: LinkTargets): vscode.Disposable {
  return vscode.window.registerUriHandler({
    handleUri(uri) {
      const target = linkTarget(uri);
      if (target?.kind === "trajectory") void targets.trajectory(target.id);
      else if (target) void targets.file(target.path, target.id);
      else void vscode.window.showWarningMessage("This link leads to no trajectory of Searchlight.");
    },
  });
}
