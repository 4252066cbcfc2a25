import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Table } from "@lancedb/lancedb";
import type { IndexPlace } from "./index-place.ts";

/** Every query reads the rows that no index holds, at about 20 µs each, and every fragment; folding them in takes seconds in a large table, so that one waits for more. */
const unindexedRows = 600;
const rowsPerUnindexed = 500;
const smallFragments = 20;
const rowsPerFragment = 25_000;
/** Another process may still read a version this old. */
const keptMilliseconds = 10 * 60_000;
/** The table may take this many times its live rows before old versions go, whoever may still read them. */
const diskCap = 3;
/** What is smaller is not worth the trouble. */
const leastBytes = 16 * 2 ** 20;

/**
 * Every small commit is a fragment that each query reads, and every replaced row stays in an old version: past the thresholds fragments are
 * folded and indexed, and old versions go. What a crash left goes with them once the disk cap is reached, which only the one writer may do.
 */
export async function keepUp(
  place: IndexPlace,
  table: Table,
  index: string | undefined,
  force: boolean,
): Promise<void> {
  // A LanceDB server keeps its tables itself.
  if (place.kind === "store" && place.scheme === "db") return;
  await table.checkoutLatest();
  const unindexed = (index === undefined ? undefined : await table.indexStats(index))?.numUnindexedRows ?? 0;
  const { fragmentStats, numRows } = await table.stats();
  const due =
    force ||
    unindexed >= Math.max(unindexedRows, numRows / rowsPerUnindexed) ||
    fragmentStats.numSmallFragments >= Math.max(smallFragments, numRows / rowsPerFragment);
  if (due && (unindexed > 0 || fragmentStats.numSmallFragments > 1)) {
    await optimise(table, { cleanupOlderThan: new Date(Date.now() - keptMilliseconds) });
  }
  const { live, onDisk } = await tableBytes(place, table);
  if (onDisk !== undefined && onDisk > leastBytes && onDisk > diskCap * live) {
    await optimise(table, { cleanupOlderThan: new Date(), deleteUnverified: true });
  }
}

/** Commits of a table of a few values after which its old versions go. */
const versionsKept = 200;

/**
 * The same for a table of a few values that is written at every update, and on a store at every beat of the writer: only its versions are many. Gives the
 * version up to which it is done. A commit of another process may come between; the next call does it then.
 */
export async function dropVersions(place: IndexPlace, table: Table, done: number): Promise<number> {
  if (place.kind === "store" && place.scheme === "db") return done;
  await table.checkoutLatest();
  const version = await table.version();
  if (version - done < versionsKept) return done;
  try {
    await optimise(table, { cleanupOlderThan: new Date(Date.now() - keptMilliseconds) });
    return version;
  } catch {
    return done;
  }
}

/** Removes every version but the last and all that no version names. Readers of an old version look for the last one again. */
export async function prune(place: IndexPlace, table: Table): Promise<void> {
  if (place.kind === "store" && place.scheme === "db") return;
  await optimise(table, { cleanupOlderThan: new Date(), deleteUnverified: place.kind === "folder" });
}

/** Bytes of the live rows as the library counts them; in a folder, of all files of the table as well. */
export async function tableBytes(place: IndexPlace, table: Table): Promise<{ live: number; onDisk?: number }> {
  const { totalBytes } = await table.stats();
  if (place.kind !== "folder") return { live: totalBytes };
  return { live: totalBytes, onDisk: await folderBytes(join(place.path, `${table.name}.lance`)) };
}

async function folderBytes(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    // A file can go between the listing and the question.
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

async function optimise(table: Table, options: { cleanupOlderThan: Date; deleteUnverified?: boolean }): Promise<void> {
  try {
    await table.optimize(options);
  } catch (error) {
    // Preempted by a commit of another process: from the latest version it goes through.
    if (!/conflict|preempted/i.test(error instanceof Error ? error.message : String(error))) throw error;
    await table.checkoutLatest();
    await table.optimize(options);
  }
}
