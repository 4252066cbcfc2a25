import * as vscode from "vscode";
import { chooseRunFolder, chooseTrajectories, chooseTrajectoriesFile, trajectoriesOf } from "./choose-trajectories.ts";
import type { Parts } from "../parts.ts";

/** Opens a file of trajectories in its own editor: the one given by address or path, else one that is picked. */
export async function openTrajectories(parts: Parts, given?: unknown): Promise<void> {
  const uri =
    given instanceof vscode.Uri
      ? trajectoriesOf(given)
      : typeof given === "string"
        ? trajectoriesOf(vscode.Uri.file(given))
        : await chooseTrajectoriesFile("Open Trajectories");
  if (uri) await parts.trajectoryEditor.open(uri);
}

/** Opens the rollouts of a folder of an evaluation or a run: the one given by its address, else one that is picked. */
export async function openRunFolder(parts: Parts, given?: unknown): Promise<void> {
  const uri = given instanceof vscode.Uri ? trajectoriesOf(given) : await chooseRunFolder("Open Run Folder");
  if (uri) await parts.trajectoryEditor.open(uri);
}

/** Opens the rollouts of a run; they are listed as they come, also from another machine. */
export async function openRunTrajectories(parts: Parts, given?: unknown): Promise<void> {
  const { pickRun } = await import("../training/pick-run.ts");
  const { refOf } = await import("../training/run-commands.ts");
  const run = await pickRun(parts, given, "Open Rollouts of Run");
  if (!run) return;
  const { folder } = await parts.server.request("runFolder", refOf(run));
  await parts.trajectoryEditor.open(trajectoriesOf(vscode.Uri.file(folder)));
}

/** Opens one file of trajectories, or the one of a folder, compared with another: both given by path, else picked. */
export async function compareTrajectories(parts: Parts, before?: unknown, after?: unknown): Promise<void> {
  const chosen = async (given: unknown, title: string): Promise<vscode.Uri | undefined> =>
    typeof given === "string" ? trajectoriesOf(vscode.Uri.file(given)) : chooseTrajectories(title);
  const first = await chosen(before, "Compare Trajectories (1 of 2): Before");
  const second = first && (await chosen(after, "Compare Trajectories (2 of 2): After"));
  if (first && second) await parts.trajectoryEditor.compare(first, second);
}
