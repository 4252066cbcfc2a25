import { join } from "node:path";
import type { Table } from "@lancedb/lancedb";
import { bytesBelow } from "../bytes-below.ts";
import type { IndexPlace } from "./index-place.ts";

/** Every query reads the rows that no index holds, at about 20 µs each, and every fragment; folding them in takes seconds in a large table, so that one waits for more. */
const unindexedRows = 600;
const rowsPerUnindexed = 1_000;
const smallFragments = 20;
const rowsPerFragment = 25_000;
/** A reader of a folder looks for the last version at every query, so that only what it is in the middle of needs one this old; on a store it looks more seldom. */
const keptMilliseconds = { folder: 30_000, store: 10 * 60_000 };
/**
 * The table may take this many times its live rows before old versions go, whoever may still read them. What a fold replaces stays until the next
 * call; that call merges full-text indexes again, which takes as long as making them, and costs other tables nothing.
 */
const diskCap = { fullText: 3, other: 1.5 };
/** What is smaller is not worth the trouble. */
const leastBytes = 16 * 2 ** 20;
/** Commits of a few rows after which the files on disk are counted again. */
const commitsPerCount = 16;

/** Upkeep of one table by its one writer. */
export interface Upkeep {
  /**
   * Every small commit is a fragment that each query reads, and every replaced row stays in an old version: past the thresholds, or forced,
   * fragments are folded and indexed, and old versions go. What a crash left goes with them where the table takes much more than its live rows.
   */
  keep(force?: boolean): Promise<void>;
}

/** Upkeep of a table at its place; `index` is the one whose rows count as indexed, `fullText` says that it is of words. */
export function upkeepOf(
  place: IndexPlace,
  table: Table,
  { index, fullText = false }: { index?: string; fullText?: boolean } = {},
): Upkeep {
  const cap = fullText ? diskCap.fullText : diskCap.other;
  let counted = Number.NEGATIVE_INFINITY;
  const sizes = async (): Promise<{ live: number; onDisk: number }> => {
    counted = await table.version();
    const { live, onDisk = 0 } = await tableBytes(place, table);
    return { live, onDisk };
  };
  return {
    async keep(force = false) {
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
        // A fold may write all rows again, so that a large table gives back at once what that replaces; who is in the middle of reading it looks
        // again.
        const { onDisk } = await sizes();
        await optimise(table, onDisk > leastBytes ? everyOldVersion() : oldVersions(place));
      } else if ((await table.version()) - counted < commitsPerCount) return;
      const { live, onDisk } = await sizes();
      if (onDisk > leastBytes && onDisk > cap * live) await optimise(table, everyOldVersion());
    },
  };
}

function oldVersions(place: IndexPlace): { cleanupOlderThan: Date } {
  return { cleanupOlderThan: new Date(Date.now() - keptMilliseconds[place.kind]) };
}

/** All but the last version, and what no version names. */
function everyOldVersion(): { cleanupOlderThan: Date; deleteUnverified: boolean } {
  return { cleanupOlderThan: new Date(), deleteUnverified: true };
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
    await optimise(table, oldVersions(place));
    return version;
  } catch {
    return done;
  }
}

const mostRounds = 3;

/** Removes every version but the last and all that no version names. Readers of an old version look for the last one again. */
export async function prune(place: IndexPlace, table: Table): Promise<void> {
  if (place.kind === "store" && place.scheme === "db") return;
  // A call takes away what was old before it, not what it replaces itself; one that changes nothing leaves nothing.
  for (let round = 0; round < mostRounds; round++) {
    const before = await table.version();
    await optimise(table, { ...everyOldVersion(), deleteUnverified: place.kind === "folder" });
    if ((await table.version()) === before) return;
  }
}

/** Bytes of the live rows as the library counts them; in a folder, of all files of the table as well. */
export async function tableBytes(place: IndexPlace, table: Table): Promise<{ live: number; onDisk?: number }> {
  const { totalBytes } = await table.stats();
  if (place.kind !== "folder") return { live: totalBytes };
  return { live: totalBytes, onDisk: await bytesBelow(join(place.path, `${table.name}.lance`)) };
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
