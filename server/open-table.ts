import { setTimeout as wait } from "node:timers/promises";
import type { Connection, Table } from "@lancedb/lancedb";
import type { Schema } from "apache-arrow";

const attempts = 8;

export interface TableRequest {
  name: string;
  /** Whether the connection lists the table. */
  listed(): Promise<boolean>;
  /** Of the empty table that is made where none is listed. */
  schema(): Schema;
}

/** Opens a table, or makes it. Several windows may do this at once: one of them makes the table, and the others find that one. */
export async function openOrMakeTable(connection: Connection, { name, listed, schema }: TableRequest): Promise<Table> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await listed()) ? await connection.openTable(name) : await connection.createEmptyTable(name, schema());
    } catch (error) {
      // The folder of a table that is only just being made is there before the table.
      if (attempt === attempts || !/not found|already exists|conflict|incompatible/i.test(String(error))) throw error;
      await wait(attempt * 50);
    }
  }
}
