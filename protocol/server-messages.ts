import { z } from "zod";
import { AnnotationChange, Annotations } from "./annotations.ts";
import { documentsToClient, documentsToServer } from "./documents-messages.ts";
import { IndexAction, IndexStatus } from "./index-status.ts";
import { Inspection } from "./inspection.ts";
import { notification, request } from "./message.ts";
import { Hit, Neighbours, SearchMode, mostNeighbours } from "./passage.ts";
import { Place } from "./place.ts";
import { RolloutEvent } from "./rollout-events.ts";
import { runsToClient, runsToServer } from "./run-messages.ts";
import { FileRecord, RowPage, RowQuery } from "./trajectory-file.ts";
import { StoredFilter } from "./stored-filter.ts";
import { Trajectory } from "./trajectory.ts";

/** Sent as LSP `initializationOptions`. Endpoints and binaries are empty where the workspace is not trusted. */
export const ServerOptions = z.object({
  folders: z.array(z.object({ name: z.string(), path: z.string() })),
  trusted: z.boolean(),
  settings: z.object({
    policy: z.string(),
    profile: z.string(),
    embedder: z.string(),
    indexOnOpen: z.boolean(),
    /** Where the indexes of folders are kept; empty for beside the folder's other data. */
    indexPlace: z.string(),
    exclude: z.array(z.string()),
    proxy: z.string(),
    "training.service": z.string(),
  }),
});
export type ServerOptions = z.infer<typeof ServerOptions>;

/** A trajectory as a list shows it. */
export const TrajectorySummary = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  status: Trajectory.shape.status,
  question: z.string(),
  policy: z.string(),
  profile: z.string(),
  searches: z.int(),
  abstained: z.boolean().optional(),
  stopReason: z.string().optional(),
  reward: z.number().optional(),
});
export type TrajectorySummary = z.infer<typeof TrajectorySummary>;

/** A model server that answered on one of its usual loopback ports, with the models it lists. */
export const FoundModel = z.object({
  /** As `--policy` takes it: `openai:MODEL@URL` or `editor:ID`. */
  policy: z.string(),
  label: z.string(),
  server: z.string(),
});
export type FoundModel = z.infer<typeof FoundModel>;

/** Where a trajectory is kept: in the store of an open folder, or in a file. */
export const TrajectoryPlace = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("stored"), id: z.string() }),
  z.object({ kind: z.literal("file"), path: z.string(), key: z.int().min(0) }),
]);
export type TrajectoryPlace = z.infer<typeof TrajectoryPlace>;

/** Client to server. */
export const toServer = {
  ask: request(
    "searchlight/ask",
    "Starts a question. Returns at once with the trajectory's id; everything else comes as rollout events.",
    z.object({
      question: z.string().min(1),
      policy: z.string().optional(),
      profile: z.string().optional(),
      follows: z.string().optional(),
    }),
    z.object({ trajectoryId: z.string() }),
  ),
  stop: request(
    "searchlight/stop",
    "Cancels a running question. False when it is not running.",
    z.object({ trajectoryId: z.string() }),
    z.object({ stopped: z.boolean() }),
  ),
  search: request(
    "searchlight/search",
    "One search of the local index, without a policy.",
    z.object({ query: z.string(), k: z.int().min(1).max(100), mode: SearchMode }),
    z.object({ hits: z.array(Hit), coverage: z.string().optional(), milliseconds: z.number() }),
  ),
  neighbours: request(
    "searchlight/neighbours",
    "The passages of the same file around one that a search gave; none where its file has changed since.",
    z.object({ passage: z.string(), place: Place, count: z.int().min(1).max(mostNeighbours) }),
    Neighbours,
  ),
  indexStatus: request(
    "searchlight/indexStatus",
    "State of each folder's index.",
    z.object({}),
    z.object({ folders: z.array(IndexStatus) }),
  ),
  indexAction: request(
    "searchlight/indexAction",
    "Acts on the index of one folder, or of all. Pruning is answered when it is done, with the bytes it freed; the rest at once.",
    z.object({ folder: z.string().optional(), action: IndexAction }),
    z.object({ freed: z.number().min(0).optional() }),
  ),
  trajectories: request(
    "searchlight/trajectories",
    "Stored trajectories that meet a filter, latest first.",
    z.object({ limit: z.int().min(1).max(10_000), filter: StoredFilter.optional() }),
    z.object({ trajectories: z.array(TrajectorySummary) }),
  ),
  trajectory: request(
    "searchlight/trajectory",
    "One trajectory, stored or running; null when there is none of this id.",
    z.object({ id: z.string() }),
    z.object({ trajectory: Trajectory.nullable() }),
  ),
  trajectoryText: request(
    "searchlight/trajectoryText",
    "One trajectory as text, for its read-only document; null when there is none of this id.",
    z.object({ id: z.string() }),
    z.object({ text: z.string().nullable() }),
  ),
  inspectTrajectory: request(
    "searchlight/inspectTrajectory",
    "The audit of a stored trajectory's mask, the reward to show with it, and how the files of its hits stand; null when there is none of this id.",
    z.object({ id: z.string() }),
    Inspection.extend({ annotations: Annotations.optional() }).nullable(),
  ),
  annotate: request(
    "searchlight/annotate",
    "Writes down what a person said of a trajectory, beside its file or store. Answers all that is said of it; null where there is no such trajectory.",
    z.object({ of: TrajectoryPlace, change: AnnotationChange }),
    z.object({ annotations: Annotations }).nullable(),
  ),
  collect: request(
    "searchlight/collect",
    "Adds a trajectory to a file: its question with accepted answers to a question file, or itself to tests of rewards. Null where there is no such trajectory.",
    z.object({
      of: TrajectoryPlace,
      file: z.string(),
      as: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("question"), golds: z.array(z.string()) }),
        z.object({ kind: z.literal("test") }),
      ]),
    }),
    z.object({ added: z.boolean(), count: z.int().min(0) }).nullable(),
  ),
  tokenTexts: request(
    "searchlight/tokenTexts",
    "The text of each token id; null where the tokenizer is not on this machine.",
    z.object({ tokenizer: z.string(), ids: z.array(z.int().min(0)) }),
    z.object({ texts: z.array(z.string()).nullable() }),
  ),
  trajectoryRows: request(
    "searchlight/trajectoryRows",
    "A page of the trajectories of a file of JSON lines, compared with those of the file `against` where one is given. Answers with what is read by then; `complete` says whether more is to come.",
    z.object({ path: z.string(), query: RowQuery, against: z.string().optional() }),
    RowPage,
  ),
  trajectoryRecord: request(
    "searchlight/trajectoryRecord",
    "One trajectory of such a file by its row's key; null where the file has changed and there is none.",
    z.object({ path: z.string(), key: z.int().min(0) }),
    FileRecord.nullable(),
  ),
  trajectoryFileClosed: notification(
    "searchlight/trajectoryFileClosed",
    "No editor shows this file any more; what was kept of it may go.",
    z.object({ path: z.string() }),
  ),
  findModels: request(
    "searchlight/findModels",
    "Looks for model servers on their usual loopback ports and lists their models.",
    z.object({}),
    z.object({ models: z.array(FoundModel) }),
  ),
  testModel: request(
    "searchlight/testModel",
    "Sends one real request to a policy and says what came back.",
    z.object({ policy: z.string() }),
    z.object({ ok: z.boolean(), message: z.string(), milliseconds: z.number() }),
  ),
  resolvePlace: request(
    "searchlight/resolvePlace",
    "Absolute path and range of a place; null when its folder is not open. Says whether the file changed since.",
    z.object({ place: Place }),
    z.object({ path: z.string(), stale: z.boolean() }).nullable(),
  ),
  extractedText: request(
    "searchlight/extractedText",
    "The text that the reader takes out of a file without lines of its own, or of one page of it, and the file's absolute path; a reason where it cannot be read.",
    z.object({ folder: z.string(), path: z.string(), page: z.int().min(1).optional() }),
    z.object({ text: z.string().optional(), file: z.string().optional(), reason: z.string().optional() }),
  ),
  statusReport: request(
    "searchlight/statusReport",
    "Versions, state, settings without secrets and the last errors, as Markdown.",
    z.object({}),
    z.object({ markdown: z.string() }),
  ),
  editorModelChunk: notification(
    "searchlight/editorModelChunk",
    "A piece of text of an editor model's reply.",
    z.object({ call: z.string(), text: z.string() }),
  ),
  ...documentsToServer,
  ...runsToServer,
} as const;

/** Server to client. */
export const toClient = {
  rollout: notification(
    "searchlight/rollout",
    "An event of a running question. `seq` counts from 0 without holes.",
    z.object({ trajectoryId: z.string(), seq: z.int().min(0), event: RolloutEvent }),
  ),
  indexChanged: notification(
    "searchlight/indexChanged",
    "The state of a folder's index changed.",
    z.object({ status: IndexStatus }),
  ),
  editorModels: request(
    "searchlight/editorModels",
    "The editor's own language models.",
    z.object({}),
    z.object({ models: z.array(FoundModel) }),
  ),
  editorModel: request(
    "searchlight/editorModel",
    "Asks one of the editor's language models. Text streams as editorModelChunk; the result closes the stream.",
    z.object({
      call: z.string(),
      model: z.string(),
      messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: z.string() })),
      reason: z.string(),
    }),
    z.discriminatedUnion("status", [
      z.object({ status: z.literal("ok") }),
      z.object({
        status: z.literal("error"),
        kind: z.enum(["unavailable", "unauthorised", "refused", "too-long", "cancelled", "bad-response"]),
        message: z.string(),
      }),
    ]),
  ),
  secret: request(
    "searchlight/secret",
    "The key for an endpoint from the editor's secret storage; null when there is none. Never logged.",
    z.object({ endpoint: z.string() }),
    z.object({ key: z.string().nullable() }),
  ),
  ...documentsToClient,
  ...runsToClient,
} as const;
