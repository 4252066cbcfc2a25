import * as vscode from "vscode";
import { copyLink } from "../editor/trajectory-link.ts";
import { openLink } from "../editor/open-link.ts";
import { openPlace } from "../editor/open-place.ts";
import { showFault } from "../show-fault.ts";
import type { Params } from "../../protocol/message.ts";
import type { toViewer } from "../../protocol/viewer-messages.ts";
import { trajectoryActions } from "../trajectory-editor/trajectory-actions.ts";
import type { TrajectoryViewParts } from "./trajectory-view.ts";
import type { ViewerHandlers } from "./viewer-messages.ts";

/** What the view's own buttons may run. The view names one of these, never a command of the editor. */
const commands = {
  chooseModel: "searchlight.chooseModel",
  showIndex: "searchlight.showIndexStatus",
  openFolder: "workbench.action.files.openFolder",
  trajectories: "searchlight.openTrajectory",
} as const;

/** One handler for each message of the view. */
export function viewerHandlers(
  { context, questions, server, faults }: TrajectoryViewParts,
  onReady: () => Promise<void>,
  onTokenTexts: (trajectoryId: string) => Promise<void>,
  onAnnotated: (params: Params<typeof toViewer.annotated>) => void,
  onReload: () => void,
): ViewerHandlers {
  const orTell =
    <P>(act: (params: P) => unknown) =>
    async (params: P): Promise<void> => {
      try {
        await act(params);
      } catch (error) {
        faults.report("the view", error);
        showFault(error, faults);
      }
    };
  const { annotate, collect } = trajectoryActions({
    request: server.request,
    memory: context.workspaceState,
    placeOf: ({ trajectoryId }) => ({ kind: "stored", id: trajectoryId }),
    shown: () => questions.shown.trajectory,
    annotated: onAnnotated,
  });
  return {
    annotate: orTell(annotate),
    collect: orTell(collect),
    ready: orTell(onReady),
    ask: orTell(({ question, follows }) => questions.ask(question, follows)),
    stop: orTell(() => questions.stop()),
    open: orTell(({ place }) => openPlace(server.request, place)),
    openLink: orTell(({ url }) => openLink(url)),
    copyLink: orTell(({ trajectoryId }) => copyLink(trajectoryId)),
    tokenTexts: orTell(({ trajectoryId }) => onTokenTexts(trajectoryId)),
    copy: orTell(({ text }) => vscode.env.clipboard.writeText(text)),
    command: orTell(({ command }) => vscode.commands.executeCommand(commands[command])),
    reload: onReload,
    asText: orTell(() => vscode.commands.executeCommand("searchlight.openTrajectoryText")),
    fault: ({ message }) => faults.report("the view failed", message),
  };
}
