import * as vscode from "vscode";
import type { RunSummary } from "../../protocol/run.ts";
import { endingSentence } from "./run-words.ts";
import type { Runs } from "./runs.ts";

/** Tells of each run that ends, with the reason and a way to it. */
export function tellOfEndings(runs: Runs): vscode.Disposable {
  return runs.onDidEnd((run) => void tell(run));
}

async function tell(run: RunSummary): Promise<void> {
  const open = "Open Run";
  const message = endingSentence(run);
  const choice =
    run.state === "failed" || run.state === "crashed"
      ? await vscode.window.showErrorMessage(message, open)
      : await vscode.window.showInformationMessage(message, open);
  if (choice === open) await vscode.commands.executeCommand("searchlight.openRun", run);
}
