import { dirname } from "node:path";
import * as vscode from "vscode";

/** What the Explorer's menu is shown by: the paths of folders that are runs. */
const contextKey = "searchlight.runFolders";
const mostRuns = 1000;
/** A run that is being written changes its files often; its folder is looked for once. */
const settleMilliseconds = 500;

/**
 * Knows which folders of the workspace are runs (of a training or an evaluation: they hold `run.json` and `trajectories.jsonl`), so that
 * the Explorer offers to open them. Editors of VS Code open files, never folders; this is how a folder gets one.
 */
export class RunFolders implements vscode.Disposable {
  readonly #subscriptions: vscode.Disposable[];
  readonly #report: (what: string, error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (what: string, error: unknown) => void) {
    this.#report = report;
    const watcher = vscode.workspace.createFileSystemWatcher("**/trajectories.jsonl", false, true, false);
    const look = (): void => this.#lookSoon();
    this.#subscriptions = [
      watcher,
      watcher.onDidCreate(look),
      watcher.onDidDelete(look),
      vscode.workspace.onDidChangeWorkspaceFolders(look),
    ];
    look();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look().catch((error: unknown) => this.#report("looking for folders of runs", error));
    }, settleMilliseconds);
  }

  async #look(): Promise<void> {
    const [runs, trajectories] = await Promise.all(
      ["run.json", "trajectories.jsonl"].map((name) => vscode.workspace.findFiles(`**/${name}`, undefined, mostRuns)),
    );
    const described = new Set(runs!.map(({ fsPath }) => dirname(fsPath)));
    const folders = trajectories!.map(({ fsPath }) => dirname(fsPath)).filter((folder) => described.has(folder));
    await vscode.commands.executeCommand("setContext", contextKey, folders);
  }
}
