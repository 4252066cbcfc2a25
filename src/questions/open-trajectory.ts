import * as vscode from "vscode";
import type { Parts } from "../parts.ts";
import { pickTrajectory } from "./pick-trajectory.ts";

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
