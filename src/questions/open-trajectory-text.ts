import * as vscode from "vscode";
import { trajectoryUri } from "../../protocol/trajectory-uri.ts";
import type { Parts } from "../parts.ts";
import { pickTrajectory } from "./pick-trajectory.ts";

/**
 * Opens a trajectory as a read-only text document: the one given by id or by its row among the runs, else the one that the
 * view shows, else one picked from the list.
 */
export async function openTrajectoryText(parts: Parts, given?: unknown): Promise<void> {
  const id = idOf(given) ?? parts.questions.shownId ?? (await pickTrajectory(parts, "Open Trajectory as Text"));
  if (id === undefined) return;
  const uri = trajectoryUri(id);
  const { trajectory } = uri === undefined ? { trajectory: null } : await parts.server.request("trajectory", { id });
  if (uri === undefined || !trajectory) {
    void vscode.window.showWarningMessage(
      "This question is not in the store of an open folder; open the folder it was asked in.",
    );
    return;
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri, true));
  await vscode.window.showTextDocument(document, { preview: false });
}

function idOf(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  const { summary } = (typeof given === "object" && given !== null ? given : {}) as { summary?: { id?: unknown } };
  return typeof summary?.id === "string" ? summary.id : undefined;
}
