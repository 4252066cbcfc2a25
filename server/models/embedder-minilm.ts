import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Embedder, EmbedderOpening } from "./embedder.ts";
import { miniLm } from "./minilm-model.ts";
import type { FromModelWorker, ModelWorkerData, ToModelWorker } from "./minilm-worker.ts";
import { findModel } from "./model-files.ts";

/** The model of this machine, in a thread of its own: its calls hold a thread up for longer than an event loop may be. */
export async function openMiniLm(): Promise<EmbedderOpening> {
  const folder = findModel(miniLm.name, ["model.onnx", "tokenizer.json"]);
  if (!folder)
    return { ok: false, reason: "The embedding model's files are not on this machine; npm start fetches them." };
  const thread = new ModelThread(folder);
  const embedder: Embedder = {
    id: miniLm.name,
    dimension: miniLm.dimension,
    maxTokens: miniLm.maxTokens,
    embed: (texts, kind, signal) => thread.embed(texts, kind, signal),
    close: () => thread.close(),
  };
  try {
    const [probe] = await embedder.embed(["preflight"], "query", new AbortController().signal);
    if (probe?.length === miniLm.dimension && probe.every(Number.isFinite)) return { ok: true, embedder };
    await embedder.close();
    return {
      ok: false,
      reason: `The embedding model in ${folder} gave no usable vector; delete that folder and run npm start.`,
    };
  } catch (error) {
    await embedder.close();
    const detail = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { ok: false, reason: `The embedding model could not be loaded (${detail}).` };
  }
}

interface Waiting {
  texts: number;
  resolve(vectors: Float32Array[]): void;
  reject(error: Error): void;
}

/** The thread that embeds, started by whoever needs it first, and again where it died. */
class ModelThread {
  readonly #folder: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #next = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async embed(texts: readonly string[], purpose: "query" | "passage", signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    if (texts.length === 0) return [];
    // A thread that died is started again by whoever needs it next.
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const job = this.#next++;
    const post = (message: ToModelWorker): void => worker.postMessage(message);
    const cancel = (): void => {
      post({ kind: "cancel", job });
      this.#settle(job)?.reject(signal.reason as Error);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<Float32Array[]>((resolve, reject) => {
        this.#waiting.set(job, { texts: texts.length, resolve, reject });
        worker.ref();
        post({ kind: "embed", job, texts, purpose });
      });
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.postMessage({ kind: "close" } satisfies ToModelWorker);
    await ended;
  }

  #start(): Worker {
    const workerData: ModelWorkerData = { folder: this.#folder };
    const worker = new Worker(workerFile(), { workerData });
    worker.on("message", (message: FromModelWorker) => this.#take(message));
    worker.on("error", (error) => this.#end(worker, error instanceof Error ? error.message : String(error)));
    worker.on("exit", () => this.#end(worker, "its thread has ended"));
    // A model that waits for work keeps no process alive.
    worker.unref();
    return worker;
  }

  #take(message: FromModelWorker): void {
    if (message.kind === "unusable") {
      if (this.#worker) this.#end(this.#worker, message.message);
    } else if (message.kind === "failed") {
      this.#settle(message.job)?.reject(new Error(message.message));
    } else {
      const waiting = this.#settle(message.job);
      const { dimension } = miniLm;
      waiting?.resolve(
        Array.from({ length: waiting.texts }, (_, row) =>
          message.values.subarray(row * dimension, (row + 1) * dimension),
        ),
      );
    }
  }

  #settle(job: number): Waiting | undefined {
    const waiting = this.#waiting.get(job);
    this.#waiting.delete(job);
    if (this.#waiting.size === 0) this.#worker?.unref();
    return waiting;
  }

  #end(worker: Worker, reason: string): void {
    // What is told of a thread twice must not end the work of the next.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new Error(`The embedding model stopped (${reason})`));
    this.#waiting.clear();
  }
}

/** The worker beside the bundle, or its source when the source itself runs. */
function workerFile(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, "minilm-worker.cjs");
  return existsSync(bundled) ? bundled : join(here, "minilm-worker.ts");
}
