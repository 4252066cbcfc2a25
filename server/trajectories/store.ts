import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Table } from "@lancedb/lancedb";
import type { ZodType, z } from "zod";
import { TrajectorySummary } from "../../protocol/server-messages.ts";
import type { StoredFilter } from "../../protocol/stored-filter.ts";
import { Trajectory } from "../../protocol/trajectory.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import { loadLance } from "../lance.ts";
import { storeAnnotations } from "./annotations/annotation-file.ts";
import { type Recovered, openJournal, readJournals, removeEmptyJournals, removeJournal } from "./journal.ts";
import { admits, holdsText, storedQuery } from "./stored-query.ts";
import { storedMarks } from "./stored-marks.ts";
import { storedRow } from "./stored-row.ts";
import { openStoredTable } from "./stored-table.ts";
import { markInterrupted, summarise } from "./summary.ts";
import { unpackTokens } from "./token-columns.ts";

/**
 * The trajectories of one folder: a LanceDB table of finished ones, and a journal for each that runs.
 *
 * A finished trajectory stays in its journal until the table has it, so neither a crash nor a store that cannot be
 * opened loses one; without LanceDB the journals alone are the store.
 */
export interface TrajectoryStore {
  /** Starts keeping a running trajectory. Every event is on disk before the call returns. */
  record(id: string): { append(event: RolloutEvent): void; finish(trajectory: Trajectory): Promise<void> };
  /** Adds a trajectory that is already complete, e.g. an import. */
  add(trajectory: Trajectory): Promise<void>;
  get(id: string): Promise<Trajectory | undefined>;
  /** Those that meet a filter, latest first. */
  list(limit: number, filter?: StoredFilter): Promise<TrajectorySummary[]>;
  close(): void;
}

/** Summaries that are read with one query. */
const readAtOnce = 500;
const idPattern = /^[0-9A-Za-z-]{1,64}$/;

/** Opens the store, takes finished journals into the table and marks those of dead processes as interrupted. */
export async function openTrajectoryStore(home: string): Promise<TrajectoryStore> {
  mkdirSync(home, { recursive: true });
  const journals = join(home, "running");
  const table = await openStoredTable(join(home, "table"));
  await fold(journals, table);
  const annotations = storeAnnotations(home);

  async function fetchRow(id: string): Promise<Trajectory | undefined> {
    if (!table || !idPattern.test(id)) return undefined;
    await table.checkoutLatest();
    const rows = await table.query().where(`id = '${id}'`).select(["record", "tokens"]).limit(1).toArray();
    const { record, tokens: packed } = (rows[0] ?? {}) as { record?: unknown; tokens?: unknown };
    const trajectory = typeof record === "string" ? parsed(Trajectory, record) : undefined;
    const tokens = packed instanceof Uint8Array ? unpackTokens(packed) : undefined;
    return trajectory && tokens ? { ...trajectory, tokens } : trajectory;
  }

  /** Latest first. Of the rows that the table holds no more than their ids are read. */
  async function matchingIds(filter: StoredFilter): Promise<string[]> {
    const load = await loadLance();
    if (!table || !load.ok) return [];
    const marks = storedMarks(annotations, filter);
    if (marks?.only?.length === 0) return [];
    const { where: facts, words, unsure } = storedQuery(load.lance, filter);
    // Many ids are quicker held beside what the table found than asked of its index.
    const listed = marks?.only && marks.only.length <= readAtOnce ? idsSql(marks.only) : undefined;
    const where = [facts, listed].filter((each) => each !== undefined).join(" AND ") || undefined;
    const all = where === undefined ? table.query() : table.query().where(where);
    const asked = words
      ? all
          .fullTextSearch(words)
          .select(["id", "_score"])
          .limit(await table.countRows())
      : all.select(["id"]);
    const ids = (await asked.toArray())
      .map((row) => String(row.id))
      .filter((id) => marks?.admits(id) ?? true)
      .sort((a, b) => (a < b ? 1 : -1));
    if (!unsure) return ids;
    const sure: string[] = [];
    for (const id of ids) {
      const trajectory = await fetchRow(id);
      if (trajectory && holdsText(trajectory, filter.text)) sure.push(id);
    }
    return sure;
  }

  async function summaries(ids: readonly string[]): Promise<TrajectorySummary[]> {
    const wanted = ids.filter((id) => idPattern.test(id));
    if (!table || wanted.length === 0) return [];
    const rows = await table.query().where(idsSql(wanted)).select(["summary"]).toArray();
    // A damaged row is left out, so that it takes no other with it.
    return rows.flatMap((row) => parsed(TrajectorySummary, String(row.summary)) ?? []);
  }

  return {
    record(id) {
      const journal = openJournal(journals, id);
      return {
        append: (event) => journal.append(event),
        async finish(trajectory) {
          journal.append({ type: "done", trajectory });
          journal.close();
          if (table && (await addRow(table, trajectory))) removeJournal(journals, id);
        },
      };
    },
    async add(trajectory) {
      const journal = openJournal(journals, trajectory.id);
      journal.append({ type: "done", trajectory });
      journal.close();
      if (table && (await addRow(table, trajectory))) removeJournal(journals, trajectory.id);
    },
    async get(id) {
      const entry = readJournals(journals).find((candidate) => candidate.id === id);
      return entry ? settled(entry) : fetchRow(id);
    },
    async list(limit, filter = {}) {
      const entries = readJournals(journals);
      const journaled = new Set(entries.map(({ id }) => id));
      const marks = storedMarks(annotations, filter);
      const found = entries
        .map(settled)
        .filter((trajectory) => admits(trajectory, filter) && (marks?.admits(trajectory.id) ?? true))
        .map(summarise);
      if (table) {
        await table.checkoutLatest();
        const ids = (await matchingIds(filter)).filter((id) => !journaled.has(id));
        for (let at = 0; at < ids.length && at < limit; at += readAtOnce)
          found.push(...(await summaries(ids.slice(at, Math.min(at + readAtOnce, limit)))));
      }
      return found.sort(latestFirst).slice(0, limit);
    },
    close() {
      table?.close();
    },
  };
}

/** SQL for the rows of some ids; what is no id of a store is left out. */
function idsSql(ids: readonly string[]): string {
  const quoted = ids.filter((id) => idPattern.test(id)).map((id) => `'${id}'`);
  return quoted.length > 0 ? `id IN (${quoted.join(", ")})` : "id IS NULL";
}

/** True when the table holds the trajectory. A failure leaves the journal, which the next opening folds in. */
async function addRow(table: Table, trajectory: Trajectory): Promise<boolean> {
  try {
    await table.checkoutLatest();
    await table
      .mergeInsert("id")
      .whenMatchedUpdateAll()
      .whenNotMatchedInsertAll()
      .execute([storedRow(trajectory)]);
    return true;
  } catch {
    return false;
  }
}

/** ULIDs sort by time of creation. */
function latestFirst(a: TrajectorySummary, b: TrajectorySummary): number {
  return a.id < b.id ? 1 : -1;
}

async function fold(journals: string, table: Table | undefined): Promise<void> {
  removeEmptyJournals(journals);
  for (const entry of readJournals(journals)) {
    if (entry.running) continue;
    if (table && (await addRow(table, settled(entry)))) removeJournal(journals, entry.id);
  }
}

function settled(entry: Recovered): Trajectory {
  return entry.trajectory.status === "running" && !entry.running ? markInterrupted(entry.trajectory) : entry.trajectory;
}

function parsed<T extends ZodType>(schema: T, json: string): z.infer<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
