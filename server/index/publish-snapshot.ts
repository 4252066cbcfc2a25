import { createHash } from "node:crypto";
import type { Table } from "@lancedb/lancedb";
import type { Lance } from "../lance.ts";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import type { Holdings } from "./holdings.ts";
import type { IndexPlace } from "./index-place.ts";
import { indexFormat } from "./manifest.ts";
import { placeFault } from "./place-fault.ts";
import { type Snapshot, catalogSnapshot, listSnapshots, openSnapshotDatabase } from "./snapshot-catalog.ts";
import { openTables } from "./tables.ts";
import { vectorTableName } from "./vector-table.ts";

export interface PublishOptions extends DatabaseOptions {
  folder: string;
  embedder: { spec: string; id: string; dimension: number } | null;
  signal: AbortSignal;
  /** Rows copied so far, of all. */
  onProgress?(done: number, total: number): void;
}

const rowsPerCommit = 5_000;

/**
 * Copies an index, as it is at this moment, to a place where nothing changes it any more. The copy is put on the place's list once it is whole, so
 * that nobody reads a part; one with the same content is not made again. Rejects with a `PlaceFault`.
 */
export async function publishSnapshot(
  lance: Lance,
  source: Database,
  holdings: Holdings,
  target: IndexPlace,
  { folder, embedder, signal, onProgress, ...options }: PublishOptions,
): Promise<{ snapshot: Snapshot; made: boolean }> {
  const hash = contentHash(holdings, embedder?.id);
  let catalog: Database | undefined;
  let copy: Database | undefined;
  try {
    catalog = await openDatabase(lance, target, options);
    const same = (await listSnapshots(catalog)).find((each) => each.hash === hash && each.folder === folder);
    if (same) return { snapshot: same, made: false };
    const createdAt = new Date().toISOString();
    const id = `${createdAt.replace(/[-:]/g, "").slice(0, 15)}-${hash.slice(0, 8)}`;
    copy = await openSnapshotDatabase(lance, target, id, options);
    const vectors = embedder && {
      table: vectorTableName(embedder.id, embedder.dimension),
      dimension: embedder.dimension,
    };
    const names = ["passages", ...(vectors ? [vectors.table] : [])];
    const tables = (await Promise.all(names.map((name) => source.existing(name)))).filter(
      (table) => table !== undefined,
    );
    const counts = await Promise.all(tables.map((table) => table.countRows()));
    const total = counts.reduce((sum, count) => sum + count, 0);
    let done = 0;
    for (const [at, table] of tables.entries()) {
      await copyTable(table, copy, names[at]!, signal, (rows) => onProgress?.((done += rows), total));
    }
    const searched = await openTables(lance, copy, vectors ? { vectors } : {});
    await searched.maintain(true);
    const snapshot: Snapshot = {
      format: indexFormat,
      id,
      createdAt,
      folder,
      passages: counts[0] ?? 0,
      vectors: counts[1] ?? 0,
      embedder,
      hash,
    };
    await catalogSnapshot(catalog, snapshot);
    return { snapshot, made: true };
  } catch (error) {
    signal.throwIfAborted();
    throw placeFault(target, error);
  } finally {
    copy?.close();
    catalog?.close();
  }
}

/** The rows of one version of a table, in commits of some thousands. */
async function copyTable(
  source: Table,
  target: Database,
  name: string,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<void> {
  const schema = await source.schema();
  const copy = await target.table(name, () => schema as never);
  // One version, whatever is committed meanwhile; its rows keep their order.
  await source.checkout(await source.version());
  for (let at = 0; ; at += rowsPerCommit) {
    signal.throwIfAborted();
    const rows = await source.query().offset(at).limit(rowsPerCommit).toArrow();
    if (rows.numRows > 0) await copy.add(rows);
    onRows(rows.numRows);
    if (rows.numRows < rowsPerCommit) return;
  }
}

function contentHash(holdings: Holdings, embedderId: string | undefined): string {
  const sorted = [...holdings.files.values()].flatMap(({ ids }) => ids).sort();
  const hash = createHash("sha256").update(`${embedderId ?? ""}\n`);
  for (const id of sorted) hash.update(`${id}\n`);
  return hash.digest("hex");
}
