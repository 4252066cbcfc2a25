import type { Parts } from "./parts.ts";

type Handler = (parts: Parts, ...args: readonly unknown[]) => unknown;

/** Every command of the extension. What a command does is loaded when it is first run. */
export const commandTable: Readonly<Record<string, Handler>> = {
  "searchlight.ask": async (parts, question) => (await import("./questions/ask-command.ts")).ask(parts, question),
  "searchlight.askSelection": async (parts) => (await import("./questions/ask-command.ts")).askSelection(parts),
  "searchlight.stop": (parts) => parts.questions.stop(),
  "searchlight.openTrajectory": async (parts, id) =>
    (await import("./questions/open-trajectory.ts")).openTrajectory(parts, id),
  "searchlight.openTrajectories": async (parts, file) =>
    (await import("./trajectory-editor/open-trajectories.ts")).openTrajectories(parts, file),
  "searchlight.openRunFolder": async (parts, folder) =>
    (await import("./trajectory-editor/open-trajectories.ts")).openRunFolder(parts, folder),
  "searchlight.compareTrajectories": async (parts, before, after) =>
    (await import("./trajectory-editor/open-trajectories.ts")).compareTrajectories(parts, before, after),
  "searchlight.openRunTrajectories": async (parts, run) =>
    (await import("./trajectory-editor/open-trajectories.ts")).openRunTrajectories(parts, run),
  "searchlight.openTrajectoryText": async (parts, run) =>
    (await import("./questions/open-trajectory-text.ts")).openTrajectoryText(parts, run),
  "searchlight.chooseModel": async (parts) => (await import("./models/choose-model.ts")).chooseModel(parts),
  "searchlight.setApiKey": async (parts) => (await import("./models/set-api-key.ts")).setApiKey(parts),
  "searchlight.showIndexStatus": async (parts) => (await import("./views/index-quick-pick.ts")).showIndexStatus(parts),
  "searchlight.updateIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnIndex(parts, "update", row),
  "searchlight.pauseIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnIndex(parts, "pause", row),
  "searchlight.resumeIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnIndex(parts, "resume", row),
  "searchlight.cancelIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnIndex(parts, "cancel", row),
  "searchlight.retrySkipped": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnIndex(parts, "retry", row),
  "searchlight.pruneIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).pruneIndex(parts, row),
  "searchlight.rebuildIndex": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).rebuildIndex(parts, row),
  "searchlight.openIndexRow": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).openIndexRow(parts, row),
  "searchlight.inspectRetrieval": async (parts) =>
    (await import("./inspector/inspect-retrieval.ts")).inspectRetrieval(parts),
  "searchlight.addDocuments": async (parts) => (await import("./index-view/add-documents.ts")).addDocuments(parts),
  "searchlight.removeDocuments": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).removeDocuments(parts, row),
  "searchlight.fetchSite": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnSite(parts, "fetch", row),
  "searchlight.pauseSite": async (parts, row) =>
    (await import("./index-view/index-commands.ts")).actOnSite(parts, "pause", row),
  "searchlight.showStatusReport": async (parts) => (await import("./editor/status-report.ts")).showStatusReport(parts),
  "searchlight.restartServer": (parts) => parts.server.restart(),
  "searchlight.launchTraining": async (parts) => (await import("./training/launch-training.ts")).launchTraining(parts),
  "searchlight.attachTrainingService": async (parts) =>
    (await import("./training/attach-service.ts")).attachTrainingService(parts),
  "searchlight.dryRunRecipe": async (parts, recipe) =>
    (await import("./training/launch-recipe.ts")).dryRunRecipe(parts, recipe),
  "searchlight.estimateRecipe": async (parts, recipe) =>
    (await import("./training/launch-recipe.ts")).estimateRecipe(parts, recipe),
  "searchlight.launchRecipe": async (parts, recipe) =>
    (await import("./training/launch-recipe.ts")).launchRecipe(parts, recipe),
  "searchlight.openRun": async (parts, run) => (await import("./training/run-commands.ts")).openRun(parts, run),
  "searchlight.pauseRun": async (parts, run) =>
    (await import("./training/run-commands.ts")).actOnRun(parts, "pause", run),
  "searchlight.resumeRun": async (parts, run) =>
    (await import("./training/run-commands.ts")).actOnRun(parts, "resume", run),
  "searchlight.stopRun": async (parts, run) =>
    (await import("./training/run-commands.ts")).actOnRun(parts, "stop", run),
  "searchlight.checkpointRun": async (parts, run) =>
    (await import("./training/run-commands.ts")).actOnRun(parts, "checkpoint", run),
  "searchlight.deleteRun": async (parts, run) => (await import("./training/run-commands.ts")).deleteRun(parts, run),
  "searchlight.useCheckpoint": async (parts, run, checkpoint) =>
    (await import("./training/checkpoint-commands.ts")).useCheckpoint(parts, run, checkpoint),
  "searchlight.exportAdapter": async (parts, run, checkpoint) =>
    (await import("./training/checkpoint-commands.ts")).exportAdapter(parts, run, checkpoint),
  "searchlight.focus": (parts) => parts.view.reveal(),
};

/** Registers the whole table. A failing command tells the person in one sentence and leaves the details in the log. */
export function registerCommands(
  parts: Parts,
  register: (id: string, handler: (...args: unknown[]) => unknown) => { dispose(): unknown },
): { dispose(): void } {
  const registered = Object.entries(commandTable).map(([id, handler]) =>
    register(id, async (...args) => {
      try {
        return await handler(parts, ...args);
      } catch (error) {
        parts.faults.report(id, error);
        const { showFault } = await import("./show-fault.ts");
        showFault(error, parts.faults);
        return undefined;
      }
    }),
  );
  return { dispose: () => registered.forEach((each) => each.dispose()) };
}
