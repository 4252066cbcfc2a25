import * as vscode from "vscode";
import type { Faults } from "../faults.ts";
import type { ServerLink } from "./server-link.ts";

/** Tells the person of each crash and of the end of restarting; the view says the same in its banner. */
export function tellOfCrashes(server: ServerLink, { channel }: Faults): vscode.Disposable {
  const showLog = "Show Log";
  const restart = "Restart";
  return server.onDidCrash((next) => {
    const answer =
      next.action === "restart"
        ? vscode.window.showWarningMessage(
            "The Searchlight server stopped unexpectedly and is being restarted.",
            showLog,
          )
        : vscode.window.showErrorMessage(
            "The Searchlight server stopped five times in three minutes and is not started again.",
            restart,
            showLog,
          );
    void answer.then((choice) => {
      if (choice === showLog) channel.show();
      if (choice === restart) void vscode.commands.executeCommand("searchlight.restartServer");
    });
  });
}
