import * as vscode from "vscode";
import type { RunSummary } from "../../protocol/run.ts";
import type { Parts } from "../parts.ts";
import { describeTraining } from "./run-words.ts";

/**
 * The run that a command is meant for: what the tree or a page gives, else one picked from those that `fits` lets through. The only one
 * that fits is not asked for.
 */
export async function pickRun(
  parts: Parts,
  given: unknown,
  title: string,
  fits: (run: RunSummary) => boolean = () => true,
): Promise<RunSummary | undefined> {
  await parts.runs.refresh();
  const ref = refOf(given);
  if (ref) {
    const run = parts.runs.find(ref);
    if (!run)
      throw new Error("This training run is not listed any more; it was removed, or its service is out of reach.");
    return run;
  }
  const runs = parts.runs.all.filter(fits);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage(
      parts.runs.all.length === 0
        ? "There is no training run; “Searchlight: Launch Training…” makes a recipe and starts one."
        : "No training run is in a state for that.",
    );
    return undefined;
  }
  if (runs.length === 1) return runs[0];
  const items = runs.map((run) => ({ label: run.name, ...pickWords(run), run }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.run;
}

function pickWords(run: RunSummary): { description: string; detail: string } {
  const { description, detail } = describeTraining(run);
  return { description, detail };
}

function refOf(given: unknown): { id: string; host: string | undefined } | undefined {
  if (typeof given === "string") return { id: given, host: undefined };
  if (typeof given !== "object" || given === null) return undefined;
  // A row of the tree holds its run.
  const { id, host } = ("run" in given ? given.run : given) as { id?: unknown; host?: unknown };
  return typeof id === "string" ? { id, host: typeof host === "string" ? host : undefined } : undefined;
}
