import type { Table } from "@lancedb/lancedb";

/**
 * Calls back with the texts of each row in the order of the named columns. Rows come in batches, each in a turn of the event loop of its own:
 * a large table has a million of them, and whoever else waits has its turn in between.
 */
export async function eachRow(
  table: Table,
  columns: readonly string[],
  take: (...texts: string[]) => void,
): Promise<void> {
  for await (const batch of table.query().select([...columns])) {
    const vectors = columns.map((name) => batch.getChild(name)!);
    for (let row = 0; row < batch.numRows; row++) take(...vectors.map((vector) => String(vector.get(row))));
  }
}
