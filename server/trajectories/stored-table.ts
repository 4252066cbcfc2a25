import { setTimeout as wait } from "node:timers/promises";
import type { Connection, Index, Table } from "@lancedb/lancedb";
import type { Schema } from "apache-arrow";
import { Trajectory } from "../../protocol/trajectory.ts";
import { type Lance, lanceSession, loadLance } from "../lance.ts";
import { openOrMakeTable } from "../open-table.ts";
import { storedFacts } from "./stored-row.ts";

const tableName = "trajectories";
const smallFragmentsKept = 50;
/** Another window may still read a version this old. */
const versionsKeptMilliseconds = 10 * 60_000;
/** How often something is tried that another process may be at as well. */
const attempts = 8;
/** Rows that are filled in with one commit. */
const filledAtOnce = 100;
/** A longer word would be left out of the index of words. */
const longestWord = 4096;

/** Columns that a table of before them is given, as SQL that makes them empty. */
const laterColumns: Readonly<Record<string, "Utf8" | "Binary" | "Float64" | "Int32" | "List(Utf8)" | "List(Float64)">> =
  {
    tokens: "Binary",
    words: "Utf8",
    stop: "Utf8",
    policy: "Utf8",
    profile: "Utf8",
    searches: "Int32",
    step: "Float64",
    prompt: "Utf8",
    reward: "Float64",
    rules: "List(Utf8)",
    components: "List(Utf8)",
    points: "List(Float64)",
  };

/** Opens or makes the table of finished trajectories in a folder; undefined where LanceDB or the table cannot be opened yet. */
export async function openStoredTable(path: string): Promise<Table | undefined> {
  const load = await loadLance();
  if (!load.ok) return undefined;
  const connection: Connection = await load.lance.connect(path, { session: lanceSession(load.lance) });
  const schema = await tableSchema();
  const listed = async (): Promise<boolean> => (await connection.tableNames()).includes(tableName);
  const table = await openOrMakeTable(connection, { name: tableName, listed, schema: () => schema });
  await addColumns(table);
  await fillColumns(table);
  await ensureIndexes(load.lance, table);
  await tidy(table);
  return table;
}

async function tableSchema(): Promise<Schema> {
  const { Schema, Field, Utf8, Binary, Float64, Int32, List } = await import("apache-arrow");
  const types = {
    Utf8: new Utf8(),
    Binary: new Binary(),
    Float64: new Float64(),
    Int32: new Int32(),
    "List(Utf8)": new List(new Field("item", new Utf8(), true)),
    "List(Float64)": new List(new Field("item", new Float64(), true)),
  };
  const fields = [
    ...["id", "summary", "record"].map((name) => new Field(name, types.Utf8, false)),
    ...Object.entries(laterColumns).map(([name, type]) => new Field(name, types[type], true)),
  ];
  return new Schema(fields);
}

async function addColumns(table: Table): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const present = new Set((await table.schema()).fields.map(({ name }) => name));
    return Object.keys(laterColumns).filter((name) => !present.has(name));
  };
  for (let attempt = 1; ; attempt++) {
    const names = await missing();
    if (names.length === 0) return;
    try {
      await table.addColumns(names.map((name) => ({ name, valueSql: `arrow_cast(NULL, '${laterColumns[name]}')` })));
    } catch (error) {
      if (attempt === attempts) throw error;
      // Another process may have added them in between, or written something else.
      await wait(attempt * 50);
      await table.checkoutLatest();
    }
  }
}

/**
 * Gives rows of before the columns what they are chosen by; their records stay as they are. Every row has a stop reason and a list of
 * components once it is filled in, one whose record cannot be read empty ones.
 */
async function fillColumns(table: Table): Promise<void> {
  for (;;) {
    const rows = await table
      .query()
      .where("stop IS NULL OR components IS NULL")
      .select(["id", "summary", "record", "tokens"])
      .limit(filledAtOnce)
      .toArray();
    if (rows.length === 0) return;
    const filled = rows.map(({ id, summary, record, tokens }) => ({
      id: String(id),
      summary: String(summary),
      record: String(record),
      tokens: tokens instanceof Uint8Array ? Buffer.from(tokens) : null,
      ...factsOf(String(record)),
    }));
    try {
      await table.mergeInsert("id").whenMatchedUpdateAll().execute(filled);
    } catch {
      // Another process was at it; what is left is filled in by the next opening.
      return;
    }
  }
}

function factsOf(record: string): Partial<ReturnType<typeof storedFacts>> {
  try {
    const parsed = Trajectory.safeParse(JSON.parse(record));
    if (parsed.success) return storedFacts(parsed.data);
  } catch {
    // Not even JSON.
  }
  return { words: "", stop: "", components: [] };
}

/** Without indexes every look-up reads all of a column, and texts cannot be searched for words. */
async function ensureIndexes(lance: Lance, table: Table): Promise<void> {
  const present = new Set((await table.listIndices()).flatMap(({ columns }) => columns));
  const wanted: Record<string, Index> = {
    // The words are made by the same rule as a search's (`foldedWords`), so that nothing is left for the index to decide.
    words: lance.Index.fts({
      baseTokenizer: "whitespace",
      stem: false,
      removeStopWords: false,
      lowercase: false,
      asciiFolding: false,
      withPosition: true,
      maxTokenLength: longestWord,
    }),
    id: lance.Index.btree(),
    step: lance.Index.btree(),
    prompt: lance.Index.btree(),
    reward: lance.Index.btree(),
    searches: lance.Index.bitmap(),
    stop: lance.Index.bitmap(),
    policy: lance.Index.bitmap(),
    profile: lance.Index.bitmap(),
    rules: lance.Index.labelList(),
    components: lance.Index.labelList(),
  };
  for (const [column, config] of Object.entries(wanted)) {
    if (present.has(column)) continue;
    try {
      await table.createIndex(column, { config });
    } catch {
      // Another process is at the table as well: a filter without its index reads the column, and the next opening tries again.
      await table.checkoutLatest();
    }
  }
}

/** Each finished question is a commit of one row; folded together they stay a few files instead of thousands. */
async function tidy(table: Table): Promise<void> {
  const stats = await table.stats();
  if (stats.fragmentStats.numSmallFragments < smallFragmentsKept) return;
  try {
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - versionsKeptMilliseconds) });
  } catch {
    // Another process committed in between; the next opening tries again.
  }
}
