import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Connection,
  DidChangeWatchedFilesNotification,
  type FileEvent,
  type ServerCapabilities,
  TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { ServerOptions, toClient, toServer } from "../protocol/server-messages.ts";
import { addedWatchers } from "./added-watchers.ts";
import { DocumentSources } from "./document-sources.ts";
import { editorModels } from "./editor-models.ts";
import { recipeDocuments } from "./editor/recipe-documents.ts";
import { trajectoryDocuments } from "./editor/trajectory-documents.ts";
import { handlers } from "./handlers.ts";
import { openPolicy } from "./models/policy-id.ts";
import { Questions } from "./questions.ts";
import { Session } from "./session.ts";
import { version } from "./version.ts";
import { engineToken, windowRuns } from "./open-window-runs.ts";
import type { WindowRuns } from "./window-runs.ts";
import { unpackAdapter } from "./adapter-files.ts";
import { keepPolicy } from "./keep-policy.ts";
import { closeTrained, openTrained } from "./trained-policies.ts";
import { ask, listenTo, tell } from "./wire.ts";

/** Edits that come in bursts (a save of all, a branch switch) are taken in together. */
const settleMilliseconds = 300;
const keptFaults = 100;

/** Runs the language server over a connection: the extension's ipc channel, standard streams, or a pair in a test. */
export function serve(connection: Connection): void {
  const faults: string[] = [];
  const onFault = (where: string, error: unknown): void => {
    const line = `${new Date().toISOString()} ${where}: ${error instanceof Error ? error.message : String(error)}`;
    faults.push(line);
    faults.splice(0, faults.length - keptFaults);
    connection.console.error(line);
  };
  process.on("unhandledRejection", (reason) => onFault("unhandled rejection", reason));

  let session: Session | undefined;
  let sources: DocumentSources | undefined;
  let questions: Questions | undefined;

  let runs: WindowRuns | undefined;
  let key: (endpoint: string) => Promise<string | undefined> = () => Promise.resolve(undefined);

  const documents = new TextDocuments(TextDocument);
  const capabilities: ServerCapabilities = {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    ...trajectoryDocuments(connection, documents, async (id) => questions?.find(id), onFault),
    ...recipeDocuments(
      connection,
      documents,
      async (recipe, file) => {
        // A check may ask the engine that the recipe names, which an untrusted workspace does not choose.
        if (!session?.trusted) return [];
        const { checkRecipe } = await import("./check-recipe.ts");
        return (await checkRecipe(recipe, dirname(file), session.signal, engineToken(key))).problems;
      },
      onFault,
    ),
  };
  documents.listen(connection);

  connection.onInitialize((params) => {
    const options = ServerOptions.parse(params.initializationOptions);
    const models = editorModels(connection);
    const way = {
      proxy: options.settings.proxy,
      // A client without a secret storage does not know the message; the environment may still hold a key.
      key: (endpoint: string) =>
        ask(connection, toClient.secret, { endpoint }).then(
          ({ key }) => key ?? undefined,
          () => undefined,
        ),
    };
    key = way.key;
    const open = (id: string) => openPolicy(id, { ...way, editor: models, trained: openTrained });
    session = new Session(options, (status) => tell(connection, toClient.indexChanged, { status }), onFault, way);
    sources = new DocumentSources({
      session,
      publish: (list) => tell(connection, toClient.documentsChanged, { sources: list }),
      onFault,
      watch: addedWatchers(
        connection,
        () => params.capabilities.workspace?.didChangeWatchedFiles?.relativePatternSupport === true,
        onFault,
      ),
    });
    questions = new Questions(
      session,
      open,
      (trajectoryId, seq, event) => tell(connection, toClient.rollout, { trajectoryId, seq, event }),
      onFault,
    );
    runs = windowRuns(connection, session, way.key, onFault);
    listenTo(
      connection,
      toServer,
      handlers({
        session,
        sources,
        questions,
        editorModels: models,
        openPolicy: open,
        faults: () => faults,
        runs,
        keepPolicy,
        unpackAdapter,
      }),
      onFault,
    );
    return { capabilities, serverInfo: { name: "Searchlight", version } };
  });

  connection.onInitialized(() => {
    void connection.client
      .register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: "**/*" }] })
      .catch((error: unknown) => onFault("watching files", error));
    if (session?.settings.indexOnOpen) session.updateAll();
    sources?.reload();
    sources?.continueSites();
  });

  const changed = new Map<string, Set<string>>();
  let timer: NodeJS.Timeout | undefined;
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const change of changes) collect(change);
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), settleMilliseconds);
  });

  function collect(change: FileEvent): void {
    if (!change.uri.startsWith("file:")) return;
    let path: string;
    try {
      path = fileURLToPath(change.uri);
    } catch {
      return; // An address of another machine is no file of an open folder.
    }
    for (const folder of session?.searched ?? []) {
      const inside = relative(folder.path, path);
      if (inside.startsWith("..") || inside === "") continue;
      const paths = changed.get(folder.id) ?? new Set();
      changed.set(folder.id, paths.add(inside.replaceAll("\\", "/")));
    }
  }

  async function flush(): Promise<void> {
    const batches = [...changed];
    changed.clear();
    for (const [id, paths] of batches) {
      const folder = session?.searched.find((candidate) => candidate.id === id);
      if (!session || !folder || !session.isOpen(folder)) continue;
      try {
        await (await session.index(folder)).updatePaths([...paths], session.signal);
      } catch (error) {
        if (!session.signal.aborted) onFault(`taking in changes of ${folder.name}`, error);
      }
    }
  }

  connection.onShutdown(async () => {
    clearTimeout(timer);
    runs?.close();
    await questions?.close();
    await sources?.close();
    await session?.close();
    await closeTrained();
  });
  connection.onExit(() => process.exit(0));
  connection.listen();
}
