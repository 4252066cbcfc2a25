import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { DocumentJob, DocumentOutcome } from "./document-worker.ts";

const fileSeconds = 20;
const workerMegabytes = 512;

/** Reads files in a worker thread with a limit on time and memory for each. */
export interface ReaderPool {
  read(job: DocumentJob, signal: AbortSignal): Promise<DocumentOutcome>;
  close(): Promise<void>;
}

export function openReaderPool(): ReaderPool {
  const pool = new Piscina({
    filename: workerFile(),
    minThreads: 0,
    // One thread leaves the other core to the loop and the embedder; reading is many times faster than embedding.
    maxThreads: 1,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: workerMegabytes },
  });
  return {
    async read(job, signal) {
      const limit = AbortSignal.timeout(fileSeconds * 1000);
      try {
        return (await pool.run(job, { signal: AbortSignal.any([signal, limit]) })) as DocumentOutcome;
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted) return { kind: "skipped", reason: `reading took more than ${fileSeconds} s`, lasting: true };
        const code = (error as NodeJS.ErrnoException).code;
        if (code === "ERR_WORKER_OUT_OF_MEMORY")
          return { kind: "skipped", reason: `reading needed more than ${workerMegabytes} MiB`, lasting: true };
        return {
          kind: "skipped",
          reason: `reading failed (${error instanceof Error ? error.message : String(error)})`,
          lasting: false,
        };
      }
    },
    close: () => pool.destroy(),
  };
}

/** The worker beside the bundle, or its source when the source itself runs. */
function workerFile(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, "document-worker.cjs");
  return existsSync(bundled) ? bundled : join(here, "document-worker.ts");
}
