import { existsSync, renameSync, rmSync } from "node:fs";
import type { Lance } from "../lance.ts";
import type { Embedder } from "../models/embedder.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import type { IndexPlace } from "./index-place.ts";
import { type StoredFiles, openStoredFiles } from "./stored-files.ts";
import { type StoredState, openStoredState } from "./stored-state.ts";
import { type Tables, openTables } from "./tables.ts";
import { vectorTableName } from "./vector-table.ts";

/** Everything that is stored of one index. */
export interface IndexStore {
  readonly database: Database;
  readonly state: StoredState;
  readonly files: StoredFiles;
  readonly tables: Tables;
}

/** Opens what is stored at a place; a writer makes what is missing. */
export async function openIndexStore(
  lance: Lance,
  database: Database,
  state: StoredState,
  embedder: Embedder | null,
  write: boolean,
): Promise<IndexStore> {
  const files = await openStoredFiles(database);
  const vectors = embedder
    ? { vectors: { table: vectorTableName(embedder.id, embedder.dimension), dimension: embedder.dimension } }
    : {};
  return { database, state, files, tables: await openTables(lance, database, { ...vectors, write }) };
}

/** Connects to a place and reads what the index there says of itself. */
export async function connectStore(
  lance: Lance,
  place: IndexPlace,
  options: DatabaseOptions,
): Promise<{ database: Database; state: StoredState }> {
  const database = await openDatabase(lance, place, options);
  try {
    return { database, state: await openStoredState(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Removes an index with all its tables. The database is closed after it. */
export async function clearStore(database: Database): Promise<void> {
  const { place } = database;
  if (place.kind === "store") {
    for (const name of await database.names()) await database.drop(name);
    return database.close();
  }
  database.close();
  clearFolder(place.path);
}

/** Renamed first: removing a large folder takes time, and a crash in the middle must not look like an index. */
export function clearFolder(path: string): void {
  const grave = `${path}.removed-${process.pid}`;
  if (existsSync(path)) renameSync(path, grave);
  rmSync(grave, { recursive: true, force: true });
}
