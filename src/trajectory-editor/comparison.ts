import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";

/** The file of trajectories that an editor's own is compared with. */
export class Comparison implements vscode.Disposable {
  readonly #uri: vscode.Uri;
  readonly #changed: () => void;
  #against: vscode.Uri | undefined;

  /** `changed` is called when another file is compared with, or none any more. */
  constructor(uri: vscode.Uri, changed: () => void) {
    this.#uri = uri;
    this.#changed = changed;
  }

  get path(): string | undefined {
    return this.#against?.fsPath;
  }

  /** Files of runs all have one name, so the folder stands before it. */
  get name(): string {
    const path = this.#against?.fsPath ?? "";
    return join(basename(dirname(path)), basename(path));
  }

  async choose(): Promise<void> {
    const chosen = await chooseTrajectories("Compare With", vscode.Uri.file(dirname(dirname(this.#uri.fsPath))));
    if (chosen) this.begin(chosen);
  }

  begin(against: vscode.Uri): void {
    if (against.fsPath === this.#uri.fsPath) throw new Error("This file is the one that is open; choose another.");
    this.#against = against;
    this.#changed();
  }

  end(): void {
    this.#against = undefined;
    this.#changed();
  }

  dispose(): void {
    this.#against = undefined;
  }
}

/** A file of trajectories, or the one of a folder of an evaluation or a run, that the person picks. */
export async function chooseTrajectories(title: string, defaultUri?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title,
    canSelectFiles: true,
    canSelectFolders: true,
    ...(defaultUri ? { defaultUri } : {}),
    filters: { Trajectories: ["jsonl"], "All files": ["*"] },
  });
  return picked?.[0] && trajectoriesOf(picked[0]);
}

/** The file of trajectories that a path stands for. Throws where a folder has none. */
export function trajectoriesOf(uri: vscode.Uri): vscode.Uri {
  if (statSync(uri.fsPath, { throwIfNoEntry: false })?.isDirectory() !== true) return uri;
  const file = join(uri.fsPath, "trajectories.jsonl");
  if (existsSync(file)) return vscode.Uri.file(file);
  throw new Error(
    `${uri.fsPath} holds no trajectories.jsonl yet; choose a result folder of searchlight evaluate, or a file.`,
  );
}
