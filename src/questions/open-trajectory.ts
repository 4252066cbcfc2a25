import * as vscode from "vscode";
import type { Parts } from "../parts.ts";
import { describeRun } from "../views/run-text.ts";

const listed = 500;

/** Shows a past question in the view: the one given by id, else one picked from the list. */
export async function openTrajectory(parts: Parts, given?: unknown): Promise<void> {
  const id = typeof given === "string" ? given : await pickTrajectory(parts, "Open Trajectory");
  if (!id) return;
  await parts.view.reveal();
  if (!(await parts.questions.show(id))) {
    void vscode.window.showWarningMessage(
      "This question is not in the store of an open folder; open the folder it was asked in.",
    );
  }
}

/** The id of a past question picked from the list; undefined when there is none or none was picked. */
export async function pickTrajectory(parts: Parts, title: string): Promise<string | undefined> {
  const { trajectories } = await parts.server.request("trajectories", { limit: listed });
  if (trajectories.length === 0) {
    void vscode.window.showInformationMessage("No question has been asked in this workspace.");
    return undefined;
  }
  const items = trajectories.map((summary) => {
    const { description, detail } = describeRun(summary);
    return { label: summary.question, description, detail, id: summary.id };
  });
  const choice = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return choice?.id;
}
