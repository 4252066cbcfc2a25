import * as vscode from "vscode";
import type { NotificationHandlers } from "../../protocol/message.ts";
import type { fromRunPage } from "../../protocol/run-page-messages.ts";
import type { RunRef } from "../../protocol/run-messages.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { openLink } from "../editor/open-link.ts";
import { openPlace } from "../editor/open-place.ts";
import { copyFileLink } from "../editor/trajectory-link.ts";
import { showFault } from "../show-fault.ts";
import type { PostToRunPage } from "./run-page.ts";
import type { RunPageParts } from "./run-pages.ts";

const logLines = 500;

/** What the page's buttons run. The page names one of these, never a command of the editor. */
const actions = {
  pause: "searchlight.pauseRun",
  resume: "searchlight.resumeRun",
  stop: "searchlight.stopRun",
  checkpoint: "searchlight.checkpointRun",
  delete: "searchlight.deleteRun",
} as const;
const checkpointActs = { use: "searchlight.useCheckpoint", export: "searchlight.exportAdapter" } as const;

interface HandlerParts extends RunPageParts {
  ref: RunRef;
  post: PostToRunPage;
  /** What the server told of the run; undefined until it did. */
  facts(): { recipe: string; folder?: string | undefined } | undefined;
  /** Loads the page anew. */
  reload(): void;
}

/** One handler for each message of a run's page. */
export function runPageHandlers(
  { ref, post, facts, reload, server, questions, view, runs, faults }: HandlerParts,
  onReady: () => Promise<void>,
): NotificationHandlers<typeof fromRunPage> {
  /** The rollout that was sent last: it may be shown elsewhere, and its tokens asked for. */
  let shown: Trajectory | undefined;
  const orTell =
    <P>(act: (params: P) => unknown) =>
    async (params: P): Promise<void> => {
      try {
        await act(params);
      } catch (error) {
        faults.report("the run page", error);
        showFault(error, faults);
      }
    };
  const rollout = async (trajectoryId: string): Promise<Trajectory | undefined> => {
    if (shown?.id === trajectoryId) return shown;
    const { trajectories } = await server.request("runTrajectories", { ...ref, ids: [trajectoryId] });
    return trajectories[0];
  };
  const trajectoriesFile = (): vscode.Uri | undefined => {
    const folder = facts()?.folder;
    return folder === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(folder), "trajectories.jsonl");
  };
  const target = (): RunRef => runs.find(ref) ?? ref;
  return {
    ready: orTell(onReady),
    again: orTell(onReady),
    groups: orTell(async ({ iteration }) => {
      const { groups } = await server.request("runGroups", { ...ref, iteration });
      post("groups", { iteration, groups });
    }),
    rollout: orTell(async ({ trajectoryId }) => {
      shown = await rollout(trajectoryId);
      post("rollout", { trajectoryId, trajectory: shown ?? null });
    }),
    openTrajectory: orTell(async ({ trajectoryId }) => {
      const trajectory = await rollout(trajectoryId);
      if (!trajectory) throw new Error("This rollout is not kept any more.");
      await view.reveal();
      questions.showRecord(trajectory);
    }),
    openFile: orTell(async () => {
      const file = trajectoriesFile();
      if (file) await vscode.commands.executeCommand("searchlight.openTrajectories", file);
    }),
    log: orTell(async () => post("log", await server.request("runLog", { ...ref, lines: logLines }))),
    act: orTell(({ action }) => vscode.commands.executeCommand(actions[action], target())),
    checkpoint: orTell(({ name, act }) => vscode.commands.executeCommand(checkpointActs[act], target(), name)),
    recipe: orTell(async () => {
      const document = await vscode.workspace.openTextDocument({ language: "jsonc", content: facts()?.recipe ?? "" });
      await vscode.window.showTextDocument(document, { preview: false });
    }),
    tokenTexts: orTell(async ({ trajectoryId }) => {
      if (shown?.id !== trajectoryId || !shown.tokens) return;
      const { tokenizer, ids } = shown.tokens;
      const { texts } = await server.request("tokenTexts", { tokenizer, ids });
      post("tokenTexts", { trajectoryId, texts });
    }),
    open: orTell(({ place }) => openPlace(server.request, place)),
    openLink: orTell(({ url }) => openLink(url)),
    copy: orTell(({ text }) => vscode.env.clipboard.writeText(text)),
    copyLink: orTell(({ trajectoryId }) => {
      const file = trajectoriesFile();
      if (!file) throw new Error("A link leads to a file of this machine; this run is kept on another.");
      return copyFileLink(file.fsPath, trajectoryId);
    }),
    reload,
    fault: ({ message }) => faults.report("the run page failed", message),
  };
}
