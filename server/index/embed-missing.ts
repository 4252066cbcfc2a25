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
  const missing = holdings.missing();
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
    for (let at = 0; at < missing.length; at += textsPerBatch) {
      await watch.ready();
      const hashes = missing.slice(at, at + textsPerBatch);
      pending.push(...(await embedBatch(hashes, holdings, tables, embedder, watch.signal)));
      const done = at + hashes.length;
      const interrupted = watch.interrupted();
      const due = pending.length >= vectorsPerCommit || performance.now() - committed >= millisecondsPerCommit;
      if (due || done >= missing.length || interrupted) await flush();
      if (interrupted) return;
      const rate = (done / (performance.now() - started)) * 1000;
      watch.progress(rate, (missing.length - done) / rate);
    }
  } catch (error) {
    if (pending.length > 0) await flush();
    throw error;
  }
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
