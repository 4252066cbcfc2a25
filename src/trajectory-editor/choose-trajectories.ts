import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";

/** A file of trajectories that the person picks. */
export async function chooseTrajectoriesFile(title: string, defaultUri?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title,
    ...(defaultUri ? { defaultUri } : {}),
    filters: { Trajectories: ["jsonl"], "All files": ["*"] },
  });
  return picked?.[0];
}

/** The file of trajectories of a folder of an evaluation or a run that the person picks. */
export async function chooseRunFolder(title: string, defaultUri?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title,
    canSelectFiles: false,
    canSelectFolders: true,
    ...(defaultUri ? { defaultUri } : {}),
  });
  return picked?.[0] && trajectoriesOf(picked[0]);
}

/** Either of both. A dialog of Windows and Linux shows files or folders, not both, so the person is asked first. */
export async function chooseTrajectories(title: string, defaultUri?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const choice = await vscode.window.showQuickPick(
    [
      { label: "$(folder-opened) Folder of an Evaluation or Run…", choose: chooseRunFolder },
      { label: "$(file) File of Trajectories…", choose: chooseTrajectoriesFile },
    ],
    { title },
  );
  return choice?.choose(title, defaultUri);
}

/** The file of trajectories that a path stands for: itself, or the one of a run's folder or of its `run.json`. Throws where a folder has none. */
export function trajectoriesOf(uri: vscode.Uri): vscode.Uri {
  if (basename(uri.fsPath) === "run.json") return vscode.Uri.joinPath(uri, "..", "trajectories.jsonl");
  if (statSync(uri.fsPath, { throwIfNoEntry: false })?.isDirectory() !== true) return uri;
  const file = join(uri.fsPath, "trajectories.jsonl");
  if (existsSync(file)) return vscode.Uri.file(file);
  throw new Error(
    `${uri.fsPath} holds no trajectories.jsonl yet; choose the folder of a run, a result folder of searchlight evaluate, or a file.`,
  );
}

/** Files of runs all have one name, so the folder stands before it. */
export function shownName(path: string): string {
  return join(basename(dirname(path)), basename(path));
}
