import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { cacheHome } from "../../home.ts";
import type { TextFound } from "./text-index.ts";
import type { FromTextWorker, TextWorkerData, ToTextWorker } from "./text-index-worker.ts";

const workerMegabytes = 512;
/** Most of what the worker makes is garbage at once; more room for that is memory without gain. */
const workerYoungMegabytes = 12;
/** An index that nobody has opened for so long goes; it can be made again. */
const keptMilliseconds = 30 * 24 * 3600 * 1000;

/** Finds lines of one file by its index of words, which a worker thread makes and keeps. */
export class TextFinder {
  /** Why there is no index; searches have to read the file then. */
  unusable: string | undefined;
  /** Bytes of the file that the index covers. */
  covered = 0;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (found: TextFound | undefined) => void>();
  #next = 0;

  constructor(path: string, home = textIndexHome(path)) {
    this.#worker = startWorker({ path, home });
    this.#worker.on("message", (message: FromTextWorker) => this.#take(message));
    this.#worker.on("error", (error) => this.#end(error instanceof Error ? error.message : String(error)));
    this.#worker.on("exit", () => this.#end("its worker has ended"));
    // What is left of an index that is made can be made again: nothing waits for it.
    this.#worker.unref();
  }

  /** Has the index take in what the file has gained. */
  look(): void {
    this.#post({ kind: "look" });
  }

  /** Lines that match an expression of FTS5; undefined where there is no index that could tell. */
  find(match: string): Promise<TextFound | undefined> {
    if (this.unusable !== undefined) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: "find", id, match });
    });
  }

  /** Ends the worker after what it is at. */
  close(): void {
    this.#post({ kind: "close" });
  }

  #post(message: ToTextWorker): void {
    if (this.unusable === undefined) this.#worker.postMessage(message);
  }

  #take(message: FromTextWorker): void {
    if (message.kind === "covered") this.covered = message.bytes;
    else if (message.kind === "unusable") this.#end(message.reason);
    else {
      const { id, lines, covered } = message;
      this.#waiting.get(id)?.({ lines, covered });
      this.#waiting.delete(id);
    }
  }

  #end(reason: string): void {
    this.unusable ??= reason;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}

/** Where the index of a file is kept: derived data, named by a hash, so that no path of it comes from the file's name. */
export function textIndexHome(path: string, cache = cacheHome()): string {
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 24);
  return join(cache, "trajectory-text", `${hash}.sqlite`);
}

/** Removes the indexes of a folder that nobody has opened for a month. Does nothing where there is no folder that can be cleaned. */
export function removeOldTextIndexes(folder: string): void {
  try {
    for (const name of readdirSync(folder).filter((each) => /^[0-9a-f]{24}\.sqlite(-wal|-shm)?$/.test(each))) {
      const file = join(folder, name);
      if (Date.now() - statSync(file).mtimeMs > keptMilliseconds) rmSync(file, { force: true });
    }
  } catch {
    // Old indexes only take room; a file is searched whether they go or not.
  }
}

function startWorker(data: TextWorkerData): Worker {
  const options = {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: workerMegabytes, maxYoungGenerationSizeMb: workerYoungMegabytes },
  };
  try {
    // Node announces its SQLite as experimental on standard error, which tells a person nothing.
    return new Worker(workerFile(), { ...options, execArgv: ["--disable-warning=ExperimentalWarning"] });
  } catch {
    return new Worker(workerFile(), options);
  }
}

/** The worker beside the bundle, or its source when the source itself runs. */
function workerFile(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, "text-index-worker.cjs");
  return existsSync(bundled) ? bundled : join(here, "text-index-worker.ts");
}
