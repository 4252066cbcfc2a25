import { mkdirSync } from "node:fs";
import type { Connection, Table } from "@lancedb/lancedb";
import type { Schema } from "apache-arrow";
import { bytesBelow } from "../bytes-below.ts";
import { type Lance, lanceSession } from "../lance.ts";
import { openOrMakeTable } from "../open-table.ts";
import { type IndexPlace, placeText } from "./index-place.ts";
import { storeOptions } from "./store-options.ts";

/** The tables of one index at its place. */
export interface Database {
  readonly place: IndexPlace;
  /** Opens a table, making an empty one of this schema where there is none. */
  table(name: string, schema: () => Schema): Promise<Table>;
  /** Opens a table; undefined where there is none. */
  existing(name: string): Promise<Table | undefined>;
  names(): Promise<string[]>;
  drop(name: string): Promise<void>;
  close(): void;
}

export interface DatabaseOptions {
  /** Key for a store, from the editor's secrets; the environment is asked where absent. */
  key?: string | undefined;
  /** Put before the name of every table, after the place's own. */
  prefix?: string;
}

/** Another machine's commits to a store are seen after this long at most; looking at every query would cost a round trip. */
const storeConsistencySeconds = 2;

/** Connects to the place of an index. A folder is made. Rejects with what the store answers; `placeFault` puts it into a sentence. */
export async function openDatabase(
  lance: Lance,
  place: IndexPlace,
  { key, prefix: further = "" }: DatabaseOptions = {},
): Promise<Database> {
  const connection = await connect(lance, place, key);
  const prefix = `${(place.kind === "store" && place.prefix) || ""}${further}`;
  const opened: Table[] = [];
  const names = async (): Promise<string[]> => {
    const all = await tableNames(connection);
    return all.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  };
  const keep = (table: Table): Table => {
    opened.push(table);
    return table;
  };
  return {
    place,
    names,
    async table(name, schema) {
      const listed = async (): Promise<boolean> => (await names()).includes(name);
      return keep(await openOrMakeTable(connection, { name: prefix + name, listed, schema }));
    },
    async existing(name) {
      return (await names()).includes(name) ? keep(await connection.openTable(prefix + name)) : undefined;
    },
    drop: (name) => connection.dropTable(prefix + name),
    close() {
      for (const table of opened) table.close();
      connection.close();
    },
  };
}

/** Nobody asks a store how much it holds; this is that of some hundred thousand passages. */
const bytesOfStore = 2 ** 30;

async function connect(lance: Lance, place: IndexPlace, key: string | undefined): Promise<Connection> {
  if (place.kind === "folder") {
    // What cannot be made may still be there to be read.
    try {
      mkdirSync(place.path, { recursive: true });
    } catch {}
    const session = lanceSession(lance, await bytesBelow(place.path));
    return lance.connect(place.path, { readConsistencyInterval: 0, session });
  }
  const { storage, remote } = storeOptions(place.scheme, key);
  return lance.connect(placeText(place), {
    readConsistencyInterval: storeConsistencySeconds,
    session: lanceSession(lance, bytesOfStore),
    storageOptions: storage,
    ...remote,
  });
}

/** Names come in pages; all of them are read. */
async function tableNames(connection: Connection): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const page = await connection.tableNames({ limit: 1000, ...(all.length > 0 ? { startAfter: all.at(-1)! } : {}) });
    all.push(...page);
    if (page.length < 1000) return all;
  }
}
