import * as vscode from "vscode";
import type { RunAction, RunSummary } from "../../protocol/run.ts";
import { isLive } from "../../protocol/run-state.ts";
import type { Parts } from "../parts.ts";
import { pickRun } from "./pick-run.ts";
import { problemsSentence } from "./problems.ts";
import { endingSentence } from "./run-words.ts";
import { trustedTo } from "./trust.ts";

/** Opens the page of a run. */
export async function openRun(parts: Parts, given: unknown): Promise<void> {
  const run = await pickRun(parts, given, "Open Run");
  if (run?.state === "damaged") return offerRemoval(parts, run);
  if (run) await parts.runPages.show(refOf(run), run.name);
}

/** A run whose folder does not say what it is has no page: why, and what can be done. */
async function offerRemoval(parts: Parts, run: RunSummary): Promise<void> {
  const remove = "Delete Run…";
  if ((await vscode.window.showWarningMessage(endingSentence(run), remove)) === remove) await deleteRun(parts, run);
}

const fits: Readonly<Record<RunAction, (run: RunSummary) => boolean>> = {
  pause: ({ state }) => state === "running",
  resume: ({ state }) => state === "paused" || (!isLive(state) && state !== "done" && state !== "damaged"),
  stop: ({ state }) => isLive(state) && state !== "stopping",
  checkpoint: ({ state }) => state === "running" || state === "paused",
};

const titles: Readonly<Record<RunAction, string>> = {
  pause: "Pause Run",
  resume: "Resume Run",
  stop: "Stop Run",
  checkpoint: "Save a Checkpoint of Run",
};

/** Pauses, resumes, stops or saves a run. */
export async function actOnRun(parts: Parts, action: RunAction, given: unknown): Promise<void> {
  if (!trustedTo("steer training runs")) return;
  const run = await pickRun(parts, given, titles[action], fits[action]);
  if (!run) return;
  const outcome = await vscode.window.withProgress(
    { location: { viewId: "searchlight.runs" }, title: titles[action] },
    () => parts.server.request("runAction", { ...refOf(run), action }),
  );
  if (outcome && !outcome.ok) throw new Error(problemsSentence("The run was not resumed", outcome.problems));
  await parts.runs.refresh();
}

/** Removes a run with all it kept, after the person said so. */
export async function deleteRun(parts: Parts, given: unknown): Promise<void> {
  if (!trustedTo("remove training runs")) return;
  const run = await pickRun(parts, given, "Delete Run", ({ state }) => !isLive(state));
  if (!run) return;
  if (isLive(run.state)) {
    throw new Error(
      `The run ${run.name} still ${run.state === "paused" ? "waits" : "runs"}; stop it before it is deleted.`,
    );
  }
  const remove = "Delete Run";
  const choice = await vscode.window.showWarningMessage(
    `Delete the run ${run.name}?`,
    {
      modal: true,
      detail: `Its ${run.checkpoints} ${run.checkpoints === 1 ? "checkpoint" : "checkpoints"}, rollouts and log are removed from ${run.host ?? "this machine"}. Policies and adapters that were made of it stay.`,
    },
    remove,
  );
  if (choice !== remove) return;
  await parts.server.request("removeRun", refOf(run));
  parts.runPages.close(refOf(run));
  await parts.runs.refresh();
}

export function refOf({ id, host }: RunSummary): { id: string; host?: string } {
  return host === undefined ? { id } : { id, host };
}
