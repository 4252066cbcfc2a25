import * as vscode from "vscode";

/** True in a trusted workspace; else says why not and offers the way there. `what` completes “trust this workspace to …”. */
export function trustedTo(what: string): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  void vscode.window
    .showWarningMessage(
      `In Restricted Mode Searchlight starts no engine, trains nothing and fetches nothing; trust this workspace to ${what}.`,
      manage,
    )
    .then((choice) => choice === manage && vscode.commands.executeCommand("workbench.trust.manage"));
  return false;
}
