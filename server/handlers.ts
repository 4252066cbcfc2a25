import type { IndexAction } from "../protocol/index-status.ts";
import type { NotificationHandlers, RequestHandlers } from "../protocol/message.ts";
import type { Place } from "../protocol/place.ts";
import type { toServer } from "../protocol/server-messages.ts";
import { partAt } from "./documents/document.ts";
import { readBytes } from "./documents/read-bytes.ts";
import { hashBytes } from "./documents/hash-bytes.ts";
import { readFileIn } from "./documents/reread.ts";
import type { DocumentSources } from "./document-sources.ts";
import { documentHandlers } from "./document-handlers.ts";
import type { EditorModels } from "./editor-models.ts";
import { inspectTrajectory } from "./editor/inspect-trajectory.ts";
import { openTrajectory } from "./editor/open-trajectory.ts";
import { TrajectoryFiles } from "./editor/trajectory-files.ts";
import { fileInFolder } from "./file-in-folder.ts";
import type { Folder } from "./home.ts";
import { findServers, testPolicy } from "./models/discover.ts";
import type { Policy } from "./models/policy.ts";
import { findTokenizer, tokenTexts } from "./models/token-texts.ts";
import type { Questions } from "./questions.ts";
import { localRetriever } from "./retrieval/local.ts";
import type { Session } from "./session.ts";
import { statusReport } from "./status-report.ts";
import { type RunHandlerParts, runHandlers } from "./run-handlers.ts";
import { trainedModels } from "./trained-policies.ts";
import { TrajectoryActions } from "./trajectory-actions.ts";
import type { CallContext } from "./wire.ts";

export interface HandlerParts extends RunHandlerParts {
  session: Session;
  sources: DocumentSources;
  questions: Questions;
  editorModels: EditorModels;
  openPolicy(id: string): Promise<Policy>;
  faults(): readonly string[];
}

type Handlers = RequestHandlers<typeof toServer, CallContext> & NotificationHandlers<typeof toServer>;

/** One handler for each message of the client; the type makes a missing one a compile error. */
export function handlers(parts: HandlerParts): Handlers {
  const { session, questions, editorModels } = parts;
  const files = new TrajectoryFiles(session.signal);
  const actions = new TrajectoryActions({ session, questions, files });
  return {
    ...runHandlers(parts),
    ...documentHandlers(session, parts.sources),
    ask: async (request) => ({ trajectoryId: await questions.start(withoutUndefined(request)) }),
    stop: ({ trajectoryId }) => ({ stopped: questions.stop(trajectoryId) }),
    search: async ({ query, k, mode }, { signal }) => {
      const started = performance.now();
      const retriever = localRetriever(await session.indexes(), mode);
      const [outcome] = await retriever.search([query], k, signal);
      if (!outcome?.ok) throw new Error(outcome?.error.message ?? "The search was not answered; restart the server.");
      const coverage = retriever.coverage();
      return { hits: outcome.hits, milliseconds: performance.now() - started, ...(coverage ? { coverage } : {}) };
    },
    neighbours: async ({ passage, place, count }) => {
      const folder = session.searched.find(({ id }) => id === place.folder);
      if (!folder) throw new Error("The folder of this passage is not open; search again.");
      return (await session.index(folder)).neighbours({ id: passage, place }, count);
    },
    indexStatus: async () => ({ folders: await session.statuses() }),
    indexAction: ({ folder, action }) =>
      actOnIndexes(
        session,
        session.searched.filter(({ id }) => folder === undefined || id === folder),
        action,
      ),
    trajectories: async ({ limit, filter }) => {
      const lists = await Promise.all((await session.projects()).map((project) => project.store.list(limit, filter)));
      const merged = lists.flat().sort((a, b) => (a.id < b.id ? 1 : -1));
      return { trajectories: merged.slice(0, limit) };
    },
    trajectory: async ({ id }) => ({ trajectory: (await questions.find(id)) ?? null }),
    trajectoryText: async ({ id }) => {
      const trajectory = await questions.find(id);
      return { text: trajectory ? openTrajectory(trajectory).text : null };
    },
    inspectTrajectory: async ({ id }) => {
      const trajectory = await questions.find(id);
      const folders = new Set(session.searched.map((folder) => folder.id));
      if (!trajectory) return null;
      const annotations = await actions.said(trajectory);
      const inspection = await inspectTrajectory(trajectory, folders, (place) => resolvePlace(session, place));
      return { ...inspection, ...(annotations ? { annotations } : {}) };
    },
    annotate: ({ of, change }) => actions.annotate(of, change),
    collect: ({ of, file, as }) => actions.collect(of, file, as),
    tokenTexts: ({ tokenizer, ids }) => {
      const found = findTokenizer(tokenizer);
      return { texts: found ? tokenTexts(found, ids) : null };
    },
    trajectoryRows: ({ path, query, against }, { signal }) => {
      void parts.runs.shown(path, session.signal);
      return files.page(path, query, signal, against);
    },
    trajectoryRecord: ({ path, key }) => {
      const folders = new Set(session.searched.map((folder) => folder.id));
      return files.record(path, key, folders, (place) => resolvePlace(session, place));
    },
    trajectoryFileClosed: ({ path }) => {
      files.close(path);
      parts.runs.closed(path);
    },
    findModels: async (_, { signal }) => {
      const [servers, editor] = await Promise.all([session.trusted ? findServers(signal) : [], editorModels.list()]);
      return { models: [...(session.trusted ? trainedModels() : []), ...servers, ...editor] };
    },
    testModel: async ({ policy }, { signal }) => {
      const started = performance.now();
      const result = await testPolicy(() => parts.openPolicy(policy), signal);
      return { ...result, milliseconds: performance.now() - started };
    },
    resolvePlace: ({ place }) => resolvePlace(session, place),
    extractedText: (which) => extractedText(session, which),
    statusReport: async () => ({ markdown: await statusReport(session, parts.faults()) }),
    editorModelChunk: ({ call, text }) => editorModels.chunk(call, text),
  };
}

async function actOnIndexes(
  session: Session,
  folders: readonly Folder[],
  action: IndexAction,
): Promise<{ freed?: number }> {
  let freed = 0;
  for (const folder of folders) {
    const index = await session.index(folder);
    if (action === "update") void session.update(folder);
    else if (action === "rebuild") session.rebuild(folder, index);
    else if (action === "retry") session.retry(folder, index);
    else if (action === "prune") freed += await session.prune(folder, index);
    else index[action]();
  }
  return action === "prune" ? { freed } : {};
}

/** The absolute path of a place: it comes from a stored record and may say anything. */
async function resolvePlace(session: Session, place: Place): Promise<{ path: string; stale: boolean } | null> {
  const folder = session.searched.find(({ id }) => id === place.folder);
  const path = folder && (await fileInFolder(folder, place.path));
  if (path === undefined) return null;
  try {
    return { path, stale: hashBytes(await readBytes(path)) !== place.contentHash };
  } catch {
    return null; // Gone, no file, or more than any document holds.
  }
}

/** The lines that places in a PDF or a Word document count: those of a page, or of the whole. */
async function extractedText(
  session: Session,
  which: { folder: string; path: string; page?: number | undefined },
): Promise<{ text?: string; file?: string; reason?: string }> {
  const folder = session.searched.find(({ id }) => id === which.folder);
  if (!folder) return { reason: `${which.path} is not in an open folder; open the folder it belongs to.` };
  const read = await readFileIn(folder, which.path);
  if (!read.ok) return { reason: read.reason };
  const part = partAt(read.document, which);
  if (!part) return { reason: `${which.path} has no text on this page; it may have changed.` };
  const file = await fileInFolder(folder, which.path);
  return { text: part.source, ...(file === undefined ? {} : { file }) };
}

/** Optional fields that are present but undefined are left out, as `exactOptionalPropertyTypes` wants. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
