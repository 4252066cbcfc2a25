import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Connection, Table } from "@lancedb/lancedb";
import type { ZodType, z } from "zod";
import { TrajectorySummary } from "../../protocol/server-messages.ts";
import { Trajectory } from "../../protocol/trajectory.ts";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import { loadLance } from "../lance.ts";
import { type Recovered, openJournal, readJournals, removeEmptyJournals, removeJournal } from "./journal.ts";
import { canPack, packTokens, unpackTokens } from "./token-columns.ts";
import { markInterrupted, summarise } from "./summary.ts";

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
  /** Latest first. */
  list(limit: number): Promise<TrajectorySummary[]>;
  close(): void;
}

const tableName = "trajectories";
const smallFragmentsKept = 50;
/** Another window may still read a version this old. */
const versionsKeptMilliseconds = 10 * 60_000;
const summaryColumns = ["id", "summary"];

/** Opens the store, takes finished journals into the table and marks those of dead processes as interrupted. */
export async function openTrajectoryStore(home: string): Promise<TrajectoryStore> {
  mkdirSync(home, { recursive: true });
  const journals = join(home, "running");
  const table = await openTable(join(home, "table"));
  await fold(journals, table);
  if (table) await tidy(table);

  async function fetchRow(id: string): Promise<Trajectory | undefined> {
    if (!table || !/^[0-9A-Za-z-]{1,64}$/.test(id)) return undefined;
    await table.checkoutLatest();
    const rows = await table.query().where(`id = '${id}'`).select(["record", "tokens"]).limit(1).toArray();
    const { record, tokens: packed } = (rows[0] ?? {}) as { record?: unknown; tokens?: unknown };
    const trajectory = typeof record === "string" ? parsed(Trajectory, record) : undefined;
    const tokens = packed instanceof Uint8Array ? unpackTokens(packed) : undefined;
    return trajectory && tokens ? { ...trajectory, tokens } : trajectory;
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
    async list(limit) {
      const summaries = new Map<string, TrajectorySummary>();
      if (table) {
        await table.checkoutLatest();
        for (const row of await table.query().select(summaryColumns).toArray()) {
          // A damaged row is left out, so that it takes no other with it.
          const summary = parsed(TrajectorySummary, String(row.summary));
          if (summary) summaries.set(summary.id, summary);
        }
      }
      for (const entry of readJournals(journals)) summaries.set(entry.id, summarise(settled(entry)));
      // ULIDs sort by time of creation.
      return [...summaries.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
    },
    close() {
      table?.close();
    },
  };
}

async function openTable(path: string): Promise<Table | undefined> {
  const load = await loadLance();
  if (!load.ok) return undefined;
  const connection: Connection = await load.lance.connect(path);
  const names = await connection.tableNames();
  const known = names.includes(tableName) ? await openKnown(connection) : undefined;
  if (known) {
    await ensureTokens(known);
    return known;
  }
  const { Schema, Field, Utf8, Binary } = await import("apache-arrow");
  const schema = new Schema([
    new Field("id", new Utf8(), false),
    new Field("summary", new Utf8(), false),
    /** The whole record but its tokens, which are most of its size. */
    new Field("record", new Utf8(), false),
    new Field("tokens", new Binary(), true),
  ]);
  return connection.createEmptyTable(tableName, schema, { existOk: true });
}

/** Undefined where another process is only just making it: its folder is there before the table is. */
async function openKnown(connection: Connection): Promise<Table | undefined> {
  try {
    return await connection.openTable(tableName);
  } catch (error) {
    if (/not found/i.test(String(error))) return undefined;
    throw error;
  }
}

/** A table of before the column keeps its rows, whose tokens stand in their records. */
async function ensureTokens(table: Table): Promise<void> {
  const has = async (): Promise<boolean> => (await table.schema()).fields.some(({ name }) => name === "tokens");
  if (await has()) return;
  try {
    await table.addColumns([{ name: "tokens", valueSql: "arrow_cast(NULL, 'Binary')" }]);
  } catch (error) {
    // Another process may have added it in between.
    await table.checkoutLatest();
    if (!(await has())) throw error;
  }
}

/** True when the table holds the trajectory. A failure leaves the journal, which the next opening folds in. */
async function addRow(table: Table, trajectory: Trajectory): Promise<boolean> {
  const { tokens, ...plain } = trajectory;
  const packed = tokens !== undefined && canPack(tokens);
  const row = {
    id: trajectory.id,
    summary: JSON.stringify(summarise(trajectory)),
    record: JSON.stringify(packed ? plain : trajectory),
    tokens: packed ? packTokens(tokens) : null,
  };
  try {
    await table.checkoutLatest();
    await table.mergeInsert("id").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute([row]);
    return true;
  } catch {
    return false;
  }
}

async function fold(journals: string, table: Table | undefined): Promise<void> {
  removeEmptyJournals(journals);
  for (const entry of readJournals(journals)) {
    if (entry.running) continue;
    if (table && (await addRow(table, settled(entry)))) removeJournal(journals, entry.id);
  }
}

/** Each finished question is a commit of one row; folded together they stay a few files instead of thousands. */
async function tidy(table: Table): Promise<void> {
  const stats = await table.stats();
  if (stats.fragmentStats.numSmallFragments < smallFragmentsKept) return;
  try {
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - versionsKeptMilliseconds) });
    const indexed = (await table.listIndices()).some(({ columns }) => columns.includes("id"));
    const load = await loadLance();
    // Without it every look-up reads all ids, which takes longer than the record itself once there are thousands.
    if (!indexed && load.ok) await table.createIndex("id", { config: load.lance.Index.btree() });
  } catch {
    // Another process committed in between; the next opening tries again.
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
