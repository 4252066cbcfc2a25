import { Presets, SingleBar } from "cli-progress";
import type { IndexStatus } from "../../protocol/index-status.ts";
import type { FolderIndex } from "../index/folder-index.ts";
import { wordsReady } from "../project.ts";
import { CommandError, note } from "./output.ts";
import type { CommandProject } from "./project-argument.ts";

export interface ProgressOptions {
  /** No bar: standard output carries JSON, or standard error is no terminal. */
  json: boolean;
  /** words: returns as soon as words can be searched, vectors go on behind; vectors: returns when all is done. */
  until: "words" | "vectors";
  /** Start over instead of taking in what changed, or read what is skipped again as well. */
  how?: "rebuild" | "retry";
  signal: AbortSignal;
}

/** An update that goes on behind the command. `stop` ends it at the next commit; what is done stays done. */
export interface RunningUpdate {
  stop(): void;
  done: Promise<void>;
}

/**
 * Brings the folder's index up to date and shows how far it is; then, or beside it, those of added documents. Rejects with a `CommandError`
 * when the folder's own fails; of added documents it is told.
 */
export async function updateWithProgress(project: CommandProject, options: ProgressOptions): Promise<RunningUpdate> {
  const controller = new AbortController();
  const signal = AbortSignal.any([options.signal, controller.signal]);
  const hide = options.json ? undefined : showProgress(project);
  const work = project.index[options.how ?? "update"](signal);
  const update = work.then(
    () => undefined,
    (error: unknown) => (signal.aborted ? undefined : error),
  );
  const added = Promise.all(project.indexes.slice(1).map((index) => updateAdded(index, options, signal)));
  if (options.until === "vectors") await Promise.all([update, added]);
  else {
    const words = project.indexes.map((index) => wordsReady(index, options.signal));
    await Promise.race([Promise.all([update, added]), Promise.all(words)]);
  }
  hide?.();
  options.signal.throwIfAborted();
  const status = project.index.status();
  if (status.state === "failed") throw new CommandError(status.reason);
  const failure = options.until === "vectors" ? await update : undefined;
  if (failure) throw new CommandError(failure instanceof Error ? failure.message : String(failure));
  // Nothing found among no documents says nothing of the question, nor does what a paused index has not read.
  const empty = project.indexes.every((index) => index.status().state === "none");
  if (options.until === "words" && (empty || status.state === "paused"))
    note(`${project.folder.name}: ${status.reason}`);
  return { stop: () => controller.abort(), done: Promise.all([update, added]).then(() => undefined) };
}

async function updateAdded(index: FolderIndex, options: ProgressOptions, signal: AbortSignal): Promise<void> {
  try {
    await index[options.how ?? "update"](signal);
  } catch (error) {
    if (!signal.aborted)
      note(`Indexing ${index.folder.name} failed: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** A bar on standard error where that is a terminal. Returns what takes it away. */
function showProgress(project: CommandProject): (() => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  const bar = new SingleBar(
    {
      format: "{phase} {bar} {value}/{total}  {rate}",
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let started = false;
  const draw = (status: IndexStatus): void => {
    const vectors = status.vectors.total > 0 && status.state !== "scanning";
    const [value, total] = vectors ? [status.vectors.done, status.vectors.total] : [status.files, status.files];
    const payload = {
      phase: vectors ? "Embedding passages" : "Reading files",
      rate: status.rate
        ? `${Math.round(status.rate)}/s${status.etaSeconds ? `, ${Math.ceil(status.etaSeconds)} s left` : ""}`
        : "",
    };
    if (started) {
      bar.setTotal(total);
      bar.update(value, payload);
    } else {
      bar.start(total, value, payload);
      started = true;
    }
  };
  const unsubscribe = project.index.onStatus(draw);
  return () => {
    unsubscribe();
    if (started) bar.stop();
  };
}
