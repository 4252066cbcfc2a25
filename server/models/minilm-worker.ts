import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type MiniLm, batchesOf, loadMiniLm, miniLm } from "./minilm-model.ts";

/** What the worker is told. */
export type ToModelWorker =
  | { kind: "embed"; job: number; texts: readonly string[]; purpose: "query" | "passage" }
  | { kind: "cancel"; job: number }
  | { kind: "close" };

/** What it says. `values` holds the vectors one after the other; `unusable` is its last word. */
export type FromModelWorker =
  | { kind: "vectors"; job: number; values: Float32Array<ArrayBuffer> }
  | { kind: "failed"; job: number; message: string }
  | { kind: "unusable"; message: string };

export interface ModelWorkerData {
  folder: string;
}

interface Job {
  job: number;
  purpose: "query" | "passage";
  encoded: number[][];
  batches: number[][];
  values: Float32Array<ArrayBuffer>;
}

/** Embeds in a thread of its own, batch by batch: a query that comes in between two batches of passages goes before them. */
async function run(): Promise<void> {
  const port = parentPort!;
  const say = (message: FromModelWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const jobs = new Map<number, Job>();
  let closing = false;
  let wake = (): void => undefined;
  let model: MiniLm;
  const loading = loadMiniLm((workerData as ModelWorkerData).folder);
  port.on("message", (message: ToModelWorker) => {
    if (message.kind === "close") closing = true;
    else if (message.kind === "cancel") jobs.delete(message.job);
    else
      loading.then(
        () => take(message),
        () => undefined,
      );
    wake();
  });
  const take = ({ job, texts, purpose }: Extract<ToModelWorker, { kind: "embed" }>): void => {
    const encoded = texts.map((text) => model.encode(text));
    const values = new Float32Array(texts.length * miniLm.dimension);
    jobs.set(job, { job, purpose, encoded, batches: batchesOf(encoded), values });
    wake();
  };
  try {
    model = await loading;
  } catch (error) {
    say({ kind: "unusable", message: messageOf(error) });
    return port.close();
  }
  while (!closing) {
    const waiting = [...jobs.values()];
    const next = waiting.find(({ purpose }) => purpose === "query") ?? waiting[0];
    if (next) await work(next);
    else await new Promise<void>((resolve) => (wake = resolve));
  }
  await model.release();
  port.close();

  /** One batch of a job, and a turn of the event loop, in which messages come in. */
  async function work(job: Job): Promise<void> {
    const batch = job.batches.shift();
    try {
      if (batch) {
        const made = await model.run(batch.map((index) => job.encoded[index]!));
        for (const [position, index] of batch.entries()) job.values.set(made[position]!, index * miniLm.dimension);
      }
      if (job.batches.length === 0 && jobs.delete(job.job))
        say({ kind: "vectors", job: job.job, values: job.values }, [job.values.buffer]);
    } catch (error) {
      jobs.delete(job.job);
      say({ kind: "failed", job: job.job, message: messageOf(error) });
    }
    await setImmediate();
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

void run();
