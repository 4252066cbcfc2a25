import * as vscode from "vscode";
import type { ServerLink } from "../client/server-link.ts";
import type { Settings } from "../settings.ts";
import type { IndexStatuses } from "./index-statuses.ts";
import { statusBarText } from "./index-text.ts";

/** The index in the status bar; a click opens its details and actions. Hidden while no folder is open. */
export function indexStatusItem(statuses: IndexStatuses, server: ServerLink, settings: Settings): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("searchlight.index", vscode.StatusBarAlignment.Right, 90);
  item.name = "Searchlight Index";
  item.command = "searchlight.showIndexStatus";
  const draw = (): void => {
    if (settings.current().folders.length === 0) return item.hide();
    const givenUp = server.state === "given-up";
    const { text, tooltip, warning } = givenUp
      ? { text: "$(error) Searchlight stopped", tooltip: "The server stopped too often; restart it.", warning: true }
      : statusBarText(statuses.all);
    item.text = text;
    item.tooltip = tooltip;
    item.accessibilityInformation = {
      label: `Searchlight index: ${text.replace(/\$\([^)]*\)\s*/g, "")}. ${tooltip}`,
      role: "button",
    };
    item.backgroundColor = warning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    item.show();
  };
  draw();
  return vscode.Disposable.from(
    item,
    statuses.onDidChange(draw),
    server.onDidChangeState(draw),
    settings.onDidChange(draw),
  );
}
