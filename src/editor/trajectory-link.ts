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

/** Opens such a link when the editor is given one; what it leads to is looked up in the stores of the open folders only. */
export function trajectoryLinks(open: (id: string) => Promise<unknown>): vscode.Disposable {
  return vscode.window.registerUriHandler({
    handleUri(uri) {
      const [, id] = /^\/trajectory\/([^/]+)$/.exec(uri.path) ?? [];
      if (id !== undefined && form.test(id)) return void open(id);
      void vscode.window.showWarningMessage("This link leads to no trajectory of Searchlight.");
    },
  });
}
