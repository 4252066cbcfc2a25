import * as vscode from "vscode";
import { trajectoryScheme } from "../protocol/trajectory-uri.ts";
import { editorModels } from "./models/editor-models.ts";
import { Faults } from "./faults.ts";
import { ApiKeys } from "./models/api-keys.ts";
import { Questions } from "./questions/questions.ts";
import { ServerLink } from "./client/server-link.ts";
import { tellOfCrashes } from "./client/crash-messages.ts";
import { Settings } from "./settings.ts";
import { trajectoryLinks } from "./editor/trajectory-link.ts";
import { ExtractedTexts } from "./editor/extracted-texts.ts";
import { TrajectoryTexts } from "./editor/trajectory-texts.ts";
import { DocumentSources } from "./index-view/document-sources.ts";
import { IndexTree } from "./index-view/index-tree.ts";
import { Inspectors, inspectorType } from "./inspector/inspectors.ts";
import { IndexStatuses } from "./views/index-statuses.ts";
import { indexStatusItem } from "./views/index-status-item.ts";
import { tellOfEndings } from "./training/run-notices.ts";
import { RunPages, runPageType } from "./training/run-pages.ts";
import { Runs } from "./training/runs.ts";
import { RunsTree } from "./views/runs-tree.ts";
import { RunFolders } from "./trajectory-editor/run-folders.ts";
import { runEditorType, TrajectoryEditor, trajectoryEditorType } from "./trajectory-editor/trajectory-editor.ts";
import { TrajectoryView } from "./views/trajectory-view.ts";

/** What the extension consists of; each command takes what it needs from here. */
export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly faults: Faults;
  readonly settings: Settings;
  readonly server: ServerLink;
  readonly questions: Questions;
  readonly statuses: IndexStatuses;
  readonly sources: DocumentSources;
  readonly keys: ApiKeys;
  readonly view: TrajectoryView;
  readonly inspectors: Inspectors;
  readonly runs: Runs;
  readonly runPages: RunPages;
  readonly trajectoryEditor: TrajectoryEditor;
  readonly facts: { activationMilliseconds: number };
}

/** Builds every part once and ties them together. Starts no process and reads no file. */
export function assemble(context: vscode.ExtensionContext): Parts {
  const faults = new Faults(vscode.window.createOutputChannel("Searchlight", { log: true }));
  const settings = new Settings();
  const keys = new ApiKeys(context.secrets, context.globalState);
  const statuses = new IndexStatuses();
  const sources = new DocumentSources();
  const server: ServerLink = new ServerLink({
    extensionPath: context.extensionPath,
    faults,
    options: () => settings.current(),
    idle: () => !questions.anyRunning,
    client: {
      rollout: (message) => questions.receive(message),
      indexChanged: ({ status }) => statuses.put(status),
      documentsChanged: ({ sources: list }) => sources.reset(list),
      runsChanged: (list) => runs.receive(list),
      runEvents: (events) => runs.receiveEvents(events),
      secret: async ({ endpoint }) => ({ key: vscode.workspace.isTrusted ? await keys.get(endpoint) : null }),
      ...editorModels(context, (chunk) => server.notify("editorModelChunk", chunk)),
    },
  });
  const questions: Questions = new Questions(server, context.workspaceState);
  const view = new TrajectoryView({ context, faults, questions, server, statuses, settings });
  const trajectoryEditor = new TrajectoryEditor({ context, faults, server });
  const texts = new TrajectoryTexts(server);
  const extracted = new ExtractedTexts(server);
  const runs: Runs = new Runs(server, context.globalState, faults.report);
  const runPages = new RunPages({ context, faults, server, questions, view, runs });
  const inspectors = new Inspectors({ context, faults, server, settings, statuses, sources });
  const indexTree = new IndexTree({ server, settings, statuses, sources, report: faults.report });
  const runsTree = new RunsTree({ server, questions, settings, runs, report: faults.report });

  server.onDidCrash(() => questions.interrupt());
  server.onDidStart(() => {
    void questions.refetch();
    // A run may have ended while nothing of this window watched.
    void runs.refresh();
    void server.request("indexStatus", {}).then(
      ({ folders }) => statuses.reset(folders),
      (error: unknown) => faults.report("reading the index state", error),
    );
  });
  settings.onDidChange(() => server.settle());
  questions.onDidEnd(() => {
    server.settle();
    texts.refresh();
  });
  context.subscriptions.push(
    faults.channel,
    settings,
    server,
    questions,
    statuses,
    sources,
    view,
    runs,
    runPages,
    runsTree,
    indexTree,
    inspectors,
    texts,
    extracted,
    tellOfEndings(runs),
    tellOfCrashes(server, faults),
    trajectoryLinks({
      trajectory: async (id) => vscode.commands.executeCommand("searchlight.openTrajectory", id),
      file: (path, id) => trajectoryEditor.open(vscode.Uri.file(path), id || undefined),
    }),
    ...[trajectoryEditorType, runEditorType].map((type) =>
      vscode.window.registerCustomEditorProvider(type, trajectoryEditor),
    ),
    new RunFolders(faults.report),
    indexStatusItem(statuses, server, settings),
    vscode.window.registerWebviewViewProvider("searchlight.trajectory", view),
    vscode.workspace.registerTextDocumentContentProvider(trajectoryScheme, texts),
    vscode.window.registerTreeDataProvider("searchlight.runs", runsTree),
    vscode.window.registerTreeDataProvider("searchlight.index", indexTree),
    vscode.window.registerWebviewPanelSerializer(runPageType, runPages),
    vscode.window.registerWebviewPanelSerializer(inspectorType, inspectors),
  );
  return {
    context,
    faults,
    settings,
    server,
    questions,
    statuses,
    sources,
    keys,
    view,
    inspectors,
    runs,
    runPages,
    trajectoryEditor,
    facts: { activationMilliseconds: 0 },
  };
}
