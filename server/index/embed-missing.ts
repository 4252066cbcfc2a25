import type { Embedder } from "../models/embedder.ts";
import { embeddingText } from "./embedding-text.ts";
import type { Holdings } from "./holdings.ts";
import { EmbeddingFault } from "./place-fault.ts";
import type { Tables } from "./tables.ts";

const textsPerBatch = 32;
const vectorsPerCommit = 256;
/** A slow machine commits by time: progress counts what is committed, and a crash loses no more than this. */
const millisecondsPerCommit = 2000;

export interface EmbeddingWatch {
  signal: AbortSignal;
  /** Awaited before each batch: a pause holds it. */
  ready(): Promise<void>;
  /** Asked after each batch; true ends the work early, since something more urgent waits. */
  interrupted(): boolean;
  /** Texts per second and seconds left. */
  progress(rate: number, etaSeconds: number): void;
}

/** Makes the vectors that are missing, in batches that are committed as they grow. What is committed is never made again; what is made when the work is stopped is committed. */
export async function embedMissing(
  holdings: Holdings,
  tables: Tables,
  embedder: Embedder,
  watch: EmbeddingWatch,
): Promise<void> {
  const { missing } = holdings;
  const total = missing.size;
  const started = performance.now();
  let committed = started;
  let pending: { hash: string; vector: Float32Array }[] = [];
  const flush = async (): Promise<void> => {
    const made = pending;
    pending = [];
    await tables.addVectors(
      made.map(({ hash }) => hash),
      made.map(({ vector }) => vector),
    );
    holdings.addVectors(made.map(({ hash }) => hash));
    committed = performance.now();
  };
  try {
    let done = 0;
    for (const hashes of batchesOf(missing, textsPerBatch)) {
      await watch.ready();
      pending.push(...(await embedBatch(hashes, holdings, tables, embedder, watch.signal)));
      done += hashes.length;
      const interrupted = watch.interrupted();
      const due = pending.length >= vectorsPerCommit || performance.now() - committed >= millisecondsPerCommit;
      if (due || done >= total || interrupted) await flush();
      if (interrupted) return;
      const rate = (done / (performance.now() - started)) * 1000;
      watch.progress(rate, Math.max(0, total - done) / rate);
    }
    if (pending.length > 0) await flush();
  } catch (error) {
    if (pending.length > 0) await flush();
    throw error;
  }
}

/** Lists of up to so many, each made when it is asked for: a list of all that a large index misses would hold the event loop. */
function* batchesOf(hashes: Iterable<string>, length: number): Generator<string[]> {
  let batch: string[] = [];
  for (const hash of hashes) {
    batch.push(hash);
    if (batch.length < length) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function embedBatch(
  hashes: readonly string[],
  holdings: Holdings,
  tables: Tables,
  embedder: Embedder,
  signal: AbortSignal,
) {
  const first = (hash: string): string => holdings.passagesOfHash(hash)[0]!;
  const passages = await tables.passages(hashes.map(first));
  const found = hashes.flatMap((hash) => {
    const passage = passages.get(first(hash));
    return passage ? [{ hash, text: embeddingText(passage) }] : [];
  });
  const texts = found.map(({ text }) => text);
  const vectors = await embedder.embed(texts, "passage", signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new EmbeddingFault(error instanceof Error ? error.message : String(error), { cause: error });
  });
  return found.map(({ hash }, row) => ({ hash, vector: vectors[row]! }));
}
