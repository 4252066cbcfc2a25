import * as vscode from "vscode";
import type { Parts } from "../parts.ts";

/** Opens a file of trajectories in its own editor: the one given by address or path, else one that is picked. */
export async function openTrajectories(parts: Parts, given?: unknown): Promise<void> {
  const uri =
    given instanceof vscode.Uri ? given : typeof given === "string" ? vscode.Uri.file(given) : await pickFile();
  if (uri) await parts.trajectoryEditor.open(uri);
}

async function pickFile(): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: "Open Trajectories",
    filters: { Trajectories: ["jsonl"], "All files": ["*"] },
  });
  return picked?.[0];
}
