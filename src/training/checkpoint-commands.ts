import * as vscode from "vscode";
import type { RunCheckpoint, RunSummary } from "../../protocol/run.ts";
import type { Parts } from "../parts.ts";
import { pickRun } from "./pick-run.ts";
import { refOf } from "./run-commands.ts";
import { trustedTo } from "./trust.ts";

/** Keeps a checkpoint as a trained policy and makes it the one that answers. */
export async function useCheckpoint(parts: Parts, given: unknown, name: unknown): Promise<void> {
  if (!trustedTo("use a trained policy")) return;
  const chosen = await pickCheckpoint(parts, given, name, "Use This Checkpoint");
  if (!chosen) return;
  const { run, checkpoint } = chosen;
  const { policy } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Keeping ${checkpoint} of ${run.name}` },
    () => parts.server.request("useCheckpoint", { ...refOf(run), checkpoint }),
  );
  const target = vscode.workspace.workspaceFolders?.length
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global;
  await parts.settings.choosePolicy(policy, target);
  const [ask, other] = ["Ask a Question", "Choose Model…"];
  const choice = await vscode.window.showInformationMessage(
    `Searchlight answers with ${policy}; its engine starts at the first question.`,
    ask,
    other,
  );
  if (choice === ask) await vscode.commands.executeCommand("searchlight.ask");
  if (choice === other) await vscode.commands.executeCommand("searchlight.chooseModel");
}

/** Writes a checkpoint's adapter as a PEFT folder that vLLM and others load. */
export async function exportAdapter(parts: Parts, given: unknown, name: unknown): Promise<void> {
  const chosen = await pickCheckpoint(parts, given, name, "Export Adapter");
  if (!chosen) return;
  const { run, checkpoint } = chosen;
  const [parent] =
    (await vscode.window.showOpenDialog({
      title: "Folder in which the adapter's folder is made",
      openLabel: "Export Here",
      canSelectFiles: false,
      canSelectFolders: true,
    })) ?? [];
  if (!parent) return;
  const folder = vscode.Uri.joinPath(parent, `${run.name}-${checkpoint}`.replace(/[^A-Za-z0-9._-]+/g, "-"));
  const { files } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Exporting ${checkpoint} of ${run.name}` },
    () => parts.server.request("exportAdapter", { ...refOf(run), checkpoint, folder: folder.fsPath }),
  );
  const [reveal, copy] = ["Show Folder", "Copy vLLM Option"];
  const choice = await vscode.window.showInformationMessage(
    `The adapter is in ${folder.fsPath} (${files.length} files).`,
    reveal,
    copy,
  );
  if (choice === reveal) await vscode.commands.executeCommand("revealFileInOS", folder);
  if (choice === copy)
    await vscode.env.clipboard.writeText(`--enable-lora --lora-modules ${run.name}=${JSON.stringify(folder.fsPath)}`);
}

async function pickCheckpoint(
  parts: Parts,
  given: unknown,
  name: unknown,
  title: string,
): Promise<{ run: RunSummary; checkpoint: string } | undefined> {
  const run = await pickRun(parts, given, title, ({ checkpoints }) => checkpoints > 0);
  if (!run) return undefined;
  if (typeof name === "string") return { run, checkpoint: name };
  const { picture } = await parts.server.request("watchRun", refOf(run));
  const items = picture.checkpoints.toReversed().map((checkpoint) => ({
    label: checkpoint.name,
    description: describe(checkpoint),
    checkpoint: checkpoint.name,
  }));
  if (items.length === 0) throw new Error(`The run ${run.name} has no checkpoint.`);
  const choice = await vscode.window.showQuickPick(items, { title: `${title} of ${run.name}` });
  return choice && { run, checkpoint: choice.checkpoint };
}

function describe({ iteration, stage, score, best }: RunCheckpoint): string {
  return [
    `after ${iteration} ${iteration === 1 ? "iteration" : "iterations"}`,
    stage,
    ...(score === undefined ? [] : [`score ${score.toFixed(3)}`]),
    ...(best ? ["best"] : []),
  ].join(" · ");
}
