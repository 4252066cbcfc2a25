import { dirname } from "node:path";
import * as vscode from "vscode";
import { chooseTrajectories, shownName } from "./choose-trajectories.ts";

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

  get name(): string {
    return shownName(this.#against?.fsPath ?? "");
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
