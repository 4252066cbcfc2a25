import type { Hit, Passage, SearchMode } from "../../protocol/passage.ts";
import type { Lance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import type { Database, DatabaseOptions } from "./database.ts";
import { embeddingHash } from "./embedding-text.ts";
import { PlaceFault, placeFault } from "./place-fault.ts";
import { searchTables } from "./search-tables.ts";
import {
  type Snapshot,
  type SnapshotSpec,
  findSnapshot,
  openSnapshotDatabase,
  snapshotText,
} from "./snapshot-catalog.ts";
import { openTables } from "./tables.ts";
import { vectorTableName } from "./vector-table.ts";

/** A published copy of an index, opened for search. */
export interface OpenSnapshot {
  readonly snapshot: Snapshot;
  /** As records name it: the place with the id. */
  readonly name: string;
  /** In the order of their ids. */
  readonly passages: readonly Passage[];
  search(query: string, k: number, mode: SearchMode, signal: AbortSignal): Promise<Hit[]>;
  close(): Promise<void>;
}

export interface SnapshotOptions extends DatabaseOptions {
  /** Opens the embedder that the snapshot's vectors were made with, for queries; its reason where it cannot. Absent: words alone are searched. */
  openEmbedder?: (spec: string) => Promise<{ ok: true; embedder: Embedder } | { ok: false; reason: string }>;
}

/** Opens what a spec names. Rejects with a `PlaceFault`. */
export async function openSnapshot(
  lance: Lance,
  spec: SnapshotSpec,
  { openEmbedder, ...options }: SnapshotOptions = {},
): Promise<OpenSnapshot> {
  const snapshot = await findSnapshot(lance, spec, options);
  const name = snapshotText(spec.place, snapshot.id);
  const embedder = openEmbedder ? await embedderOf(snapshot, name, openEmbedder) : null;
  let database: Database | undefined;
  try {
    database = await openSnapshotDatabase(lance, spec.place, snapshot.id, options);
    const vectors = embedder && {
      table: vectorTableName(embedder.id, embedder.dimension),
      dimension: embedder.dimension,
    };
    const tables = await openTables(lance, database, { ...(vectors ? { vectors } : {}), write: false });
    const passages = (await tables.everyPassage()).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (passages.length !== snapshot.passages)
      throw new PlaceFault(
        "damaged",
        `${name} holds ${passages.length} of its ${snapshot.passages} passages; publish it anew.`,
      );
    const byHash = new Map<string, string[]>();
    for (const passage of embedder ? passages : []) {
      const hash = embeddingHash(passage);
      byHash.set(hash, [...(byHash.get(hash) ?? []), passage.id]);
    }
    const passagesOfHash = (hash: string): readonly string[] => byHash.get(hash) ?? [];
    const opened = database;
    return {
      snapshot,
      name,
      passages,
      search: (query, k, mode, signal) => searchTables({ tables, embedder, passagesOfHash }, query, k, mode, signal),
      async close() {
        opened.close();
        await embedder?.close();
      },
    };
  } catch (error) {
    database?.close();
    await embedder?.close();
    throw placeFault(spec.place, error);
  }
}

async function embedderOf(
  { embedder: wanted }: Snapshot,
  name: string,
  open: NonNullable<SnapshotOptions["openEmbedder"]>,
): Promise<Embedder> {
  if (!wanted) throw new PlaceFault("other", `${name} has no vectors; search it by words.`);
  const opening = await open(wanted.spec);
  if (!opening.ok) throw new PlaceFault("other", `${name} needs the embedder ${wanted.spec}: ${opening.reason}`);
  if (opening.embedder.id === wanted.id && opening.embedder.dimension === wanted.dimension) return opening.embedder;
  await opening.embedder.close();
  throw new PlaceFault(
    "other",
    `${name} was made with the embedder ${wanted.id}, and ${wanted.spec} is another here; publish it anew.`,
  );
}
