import type { Embedder } from "../models/embedder.ts";
import { embeddingText } from "./embedding-text.ts";
import type { Holdings } from "./holdings.ts";
import type { Tables } from "./tables.ts";

const textsPerBatch = 32;
const vectorsPerCommit = 256;

export interface EmbeddingWatch {
  signal: AbortSignal;
  /** Awaited before each batch: a pause holds it. */
  ready(): Promise<void>;
  /** Asked after each batch; true ends the work early, since something more urgent waits. */
  interrupted(): boolean;
  /** Texts per second and seconds left. */
  progress(rate: number, etaSeconds: number): void;
}

/** Makes the vectors that are missing, in batches that are committed as they grow. What is committed is never made again. */
export async function embedMissing(holdings: Holdings, tables: Tables, embedder: Embedder, watch: EmbeddingWatch): Promise<void> {
  const missing = holdings.missing();
  const started = performance.now();
  let pending: { hash: string; vector: Float32Array }[] = [];
  const flush = async (): Promise<void> => {
    await tables.addVectors(pending.map(({ hash }) => hash), pending.map(({ vector }) => vector));
    for (const { hash } of pending) holdings.vectors.add(hash);
    pending = [];
  };
  for (let at = 0; at < missing.length; at += textsPerBatch) {
    await watch.ready();
    const hashes = missing.slice(at, at + textsPerBatch);
    const first = (hash: string): string => holdings.passagesOfHash(hash)[0]!;
    const passages = await tables.passages(hashes.map(first));
    const found = hashes.flatMap((hash) => {
      const passage = passages.get(first(hash));
      return passage ? [{ hash, text: embeddingText(passage) }] : [];
    });
    const vectors = await embedder.embed(found.map(({ text }) => text), "passage", watch.signal);
    pending.push(...found.map(({ hash }, row) => ({ hash, vector: vectors[row]! })));
    const done = at + hashes.length;
    const interrupted = watch.interrupted();
    if (pending.length >= vectorsPerCommit || done >= missing.length || interrupted) await flush();
    if (interrupted) return;
    const rate = (done / (performance.now() - started)) * 1000;
    watch.progress(rate, (missing.length - done) / rate);
  }
}
