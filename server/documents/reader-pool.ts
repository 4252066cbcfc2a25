import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { DocumentJob, DocumentOutcome, WholeOutcome } from "./document-worker.ts";

/** What one file may take. */
export interface ReadLimits {
  seconds: number;
  mebibytes: number;
}

const readLimits: ReadLimits = { seconds: 20, mebibytes: 512 };
/** How often the memory of a worker that reads is looked at. */
const watchMilliseconds = 100;

/** Reads files in a worker thread with a limit on time and memory for each. */
export interface ReaderPool {
  read(job: DocumentJob, signal: AbortSignal): Promise<DocumentOutcome>;
  /** The document itself, for who re-reads a place. */
  readWhole(job: DocumentJob, signal: AbortSignal): Promise<WholeOutcome>;
  close(): Promise<void>;
}

/** Opens a pool of one worker, which starts with the first file and ends when it has been idle; it keeps no process alive. */
export function openReaderPool(limits = readLimits): ReaderPool {
  const pool = new Piscina({
    filename: workerFile(),
    minThreads: 0,
    // One thread leaves the other core to the loop and the embedder; reading is many times faster than embedding.
    maxThreads: 1,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: limits.mebibytes },
  });
  let last: Promise<unknown> = Promise.resolve();
  let started = false;

  /** One file after the other, each with limits of its own: a file that hangs takes none of the time of those that wait behind it. */
  function run(job: DocumentJob, name: string, signal: AbortSignal): Promise<unknown> {
    const outcome = last.then(() => runAlone(job, name, signal));
    last = outcome.catch(() => undefined);
    return unlessAborted(outcome, signal);
  }

  async function runAlone(job: DocumentJob, name: string, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    // A slow machine may take seconds to start a thread, which are none of the file's. A failure to start is told by what follows.
    if (!started || pool.threads.length === 0)
      await pool.run(undefined, { name: "started", signal }).catch(() => undefined);
    started = true;
    const time = AbortSignal.timeout(limits.seconds * 1000);
    const memory = watchBuffers(pool, limits.mebibytes);
    try {
      return await pool.run(job, { name, signal: AbortSignal.any([signal, time, memory.signal]) });
    } catch (error) {
      // Its worker was ended, or ended itself.
      started = false;
      signal.throwIfAborted();
      if (time.aborted) return { kind: "skipped", reason: `reading took more than ${limits.seconds} s`, lasting: true };
      const code = (error as NodeJS.ErrnoException).code;
      if (memory.signal.aborted || code === "ERR_WORKER_OUT_OF_MEMORY")
        return { kind: "skipped", reason: `reading needed more than ${limits.mebibytes} MiB`, lasting: true };
      return {
        kind: "skipped",
        reason: `reading failed (${error instanceof Error ? error.message : String(error)})`,
        lasting: false,
      };
    } finally {
      memory.stop();
    }
  }

  return {
    read: async (job, signal) => (await run(job, "default", signal)) as DocumentOutcome,
    readWhole: async (job, signal) => (await run(job, "readWhole", signal)) as WholeOutcome,
    close: () => pool.destroy(),
  };
}

/** What is waited for; rejects with the signal's reason as soon as it fires. */
async function unlessAborted<T>(waited: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let aborted = (): void => {};
  const stop = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason as Error);
  });
  signal.addEventListener("abort", aborted, { once: true });
  try {
    return await Promise.race([waited, stop]);
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}

/**
 * Fires when the pool's worker holds more bytes outside its heap than it may. A thread's resource limits are on the heap only,
 * and what a stream of a PDF unpacks to is not on it.
 */
function watchBuffers(pool: Piscina, mebibytes: number): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    for (const thread of pool.threads) {
      // Node 22.12 to 22.15 cannot say; the limits on time and heap hold there too.
      if (typeof thread.getHeapStatistics !== "function") continue;
      thread.getHeapStatistics().then(
        ({ external_memory: bytes }) => {
          if (bytes > mebibytes * 2 ** 20) controller.abort();
        },
        () => undefined, // It has ended meanwhile.
      );
    }
  }, watchMilliseconds);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

/** The worker beside the bundle, or its source when the source itself runs. */
function workerFile(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, "document-worker.cjs");
  return existsSync(bundled) ? bundled : join(here, "document-worker.ts");
}
