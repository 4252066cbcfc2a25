import * as vscode from "vscode";
import type { IndexAction, IndexStatus } from "../../protocol/index-status.ts";
import { countSkipped, number } from "../index-view/amounts.ts";
import { pruneIndex, rebuildIndex, showSkipped } from "../index-view/index-commands.ts";
import type { Parts } from "../parts.ts";
import { indexDetail } from "./index-text.ts";

type Item = vscode.QuickPickItem & { run?: () => unknown };

/** Each folder's index with its state, reason and counts, and what can be done about it. */
export async function showIndexStatus(parts: Parts): Promise<void> {
  if (parts.settings.current().folders.length === 0) {
    void vscode.window.showInformationMessage("No folder is open, so there is no index; open a folder first.");
    return;
  }
  if (parts.server.state === "given-up") return offerRestart();
  const { folders } = await parts.server.request("indexStatus", {});
  parts.statuses.reset(folders);
  const choice = await vscode.window.showQuickPick(
    [...folders.flatMap((status) => items(parts, status)), ...further()],
    {
      title: "Searchlight Index",
      placeHolder: "Choose an action",
      matchOnDetail: true,
    },
  );
  await choice?.run?.();
}

async function offerRestart(): Promise<void> {
  const [restart, report] = ["Restart", "Show Status Report"];
  const choice = await vscode.window.showErrorMessage(
    "The server stopped five times in three minutes and is not running.",
    restart,
    report,
  );
  if (choice === restart) await vscode.commands.executeCommand("searchlight.restartServer");
  if (choice === report) await vscode.commands.executeCommand("searchlight.showStatusReport");
}

/** What is not about one folder. */
function further(): Item[] {
  const run = (command: string) => () => vscode.commands.executeCommand(command);
  return [
    { label: "Searchlight", kind: vscode.QuickPickItemKind.Separator },
    { label: "$(list-tree) Show the Index View", run: run("searchlight.index.focus") },
    { label: "$(inspect) Inspect Retrieval", run: run("searchlight.inspectRetrieval") },
    { label: "$(add) Add Documents…", run: run("searchlight.addDocuments") },
  ];
}

function items(parts: Parts, status: IndexStatus): Item[] {
  const { folder, state, reason, skipped } = status;
  const act = (action: IndexAction) => () => parts.server.request("indexAction", { folder: folder.id, action });
  const list: Item[] = [
    { label: folder.name, kind: vscode.QuickPickItemKind.Separator },
    { label: `$(info) ${state.replace("-", " ")}`, description: reason, detail: indexDetail(status) },
    { label: "$(refresh) Update", description: "read what changed", run: act("update") },
    state === "paused"
      ? { label: "$(debug-start) Resume", run: act("resume") }
      : { label: "$(debug-pause) Pause", run: act("pause") },
    ...(state === "scanning" || (state === "words-ready" && status.rate !== undefined)
      ? [{ label: "$(debug-stop) Stop", description: "what is read so far stays", run: act("cancel") }]
      : []),
    {
      label: "$(clear-all) Prune",
      description: "free what is no longer needed",
      run: () => pruneIndex(parts, { source: folder.id }),
    },
    { label: "$(trash) Rebuild…", run: () => rebuildIndex(parts, { source: folder.id }) },
  ];
  if (skipped.length > 0) {
    list.push({
      label: `$(list-unordered) Show ${number(countSkipped(skipped))} Skipped Files`,
      run: () => showSkipped(status),
    });
    list.push({ label: "$(sync) Retry Skipped Files", description: "read them again", run: act("retry") });
  }
  return list;
}
