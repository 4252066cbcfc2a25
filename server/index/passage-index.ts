import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Hit, Passage, SearchMode } from "../../protocol/passage.ts";
import { loadLance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import { embeddingHash, embeddingText } from "./embedding-text.ts";
import { searchTables } from "./search-tables.ts";
import { openDatabase } from "./database.ts";
import { clearFolder } from "./index-store.ts";
import { indexFormat } from "./manifest.ts";
import { openTables } from "./tables.ts";
import { vectorTableName } from "./vector-table.ts";

/** An index over passages that are given, not read from files: question sets, published corpora. */
export interface PassageIndex {
  search(query: string, k: number, mode: SearchMode, signal: AbortSignal): Promise<Hit[]>;
  passages: number;
  close(): void;
}

export interface PassageIndexOptions {
  embedder?: Embedder | null;
  /** Called after each batch of vectors. */
  onProgress?(done: number, total: number): void;
  signal?: AbortSignal;
}

const batch = 64;
/** What is handed over at once is copied at once: about ten milliseconds in which nothing else runs. */
const passagesPerCommit = 2_000;
/** Texts whose keys are worked out at one go. */
const keysAtOnce = 2_000;

/** Opens the index in a folder, building it where the folder does not hold these passages. Vectors already made stay. */
export async function openPassageIndex(
  folder: string,
  passages: readonly Passage[],
  options: PassageIndexOptions = {},
): Promise<PassageIndex> {
  const load = await loadLance();
  if (!load.ok) throw new Error(load.reason);
  const embedder = options.embedder ?? null;
  const signal = options.signal ?? new AbortController().signal;
  const path = join(folder, `${embedder ? embedder.id.replace(/[^\w.-]+/g, "_") : "words"}-${indexFormat}`);
  const open = async () => {
    const database = await openDatabase(load.lance, { kind: "folder", path });
    const vectors = embedder
      ? { vectors: { table: vectorTableName(embedder.id, embedder.dimension), dimension: embedder.dimension } }
      : {};
    return { database, tables: await openTables(load.lance, database, vectors) };
  };
  let { database, tables } = await open();
  const sample = await tables.passages(passages.slice(0, 50).map(({ id }) => id));
  if (sample.size !== Math.min(50, passages.length)) {
    database.close();
    clearFolder(path);
    ({ database, tables } = await open());
    for (let at = 0; at < passages.length; at += passagesPerCommit)
      await tables.addPassages(passages.slice(at, at + passagesPerCommit));
    await tables.maintain(true);
  }
  const byHash = new Map<string, string[]>();
  for (const [at, passage] of passages.entries()) {
    if (at % keysAtOnce === 0) await setImmediate();
    const hash = embeddingHash(passage);
    byHash.set(hash, [...(byHash.get(hash) ?? []), passage.id]);
  }
  if (embedder) {
    const known = await tables.knownVectors();
    // One for each text: a vector that is there twice would take two places of every list.
    const missing = [...new Map(passages.map((passage) => [embeddingHash(passage), passage])).entries()].flatMap(
      ([hash, passage]) => (known.has(hash) ? [] : [passage]),
    );
    for (let at = 0; at < missing.length; at += batch) {
      const group = missing.slice(at, at + batch);
      await tables.addVectors(
        group.map(embeddingHash),
        await embedder.embed(group.map(embeddingText), "passage", signal),
      );
      options.onProgress?.(Math.min(at + batch, missing.length), missing.length);
    }
    if (missing.length > 0) await tables.maintain(true);
  }
  const sources = { tables, embedder, passagesOfHash: (hash: string) => byHash.get(hash) ?? [] };
  return {
    passages: passages.length,
    search: (query, k, mode, abort) => searchTables(sources, query, k, mode, abort),
    close: () => database.close(),
  };
}
