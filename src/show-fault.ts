import * as vscode from "vscode";
import type { Faults } from "./faults.ts";

/** Shows a failure as one sentence with a way to the log; does not wait for the person to answer. */
export function showFault(error: unknown, { channel }: Faults): void {
  const showLog = "Show Log";
  const message = error instanceof Error ? error.message : String(error);
  void vscode.window.showErrorMessage(message, showLog).then((choice) => {
    if (choice === showLog) channel.show();
  });
}
