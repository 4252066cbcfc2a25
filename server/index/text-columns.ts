import { setImmediate } from "node:timers/promises";
import type { Schema, Table } from "apache-arrow";

type Arrow = typeof import("apache-arrow");

type Row = Readonly<Record<string, string>>;

/** Rows made and encoded at one go: some tens of milliseconds. */
const rowsPerSlice = 500;

/**
 * Rows of texts as an Arrow table. Built from whole columns: LanceDB's own way through objects looks at every value of every row and holds
 * the event loop for as long.
 */
export function textTable(arrow: Arrow, schema: Schema, rows: readonly Row[]): Table {
  const columns = schema.names.map((name) => [
    name,
    textColumn(
      arrow,
      rows.map((row) => row[String(name)]!),
    ),
  ]);
  return new arrow.Table(schema, Object.fromEntries(columns) as never);
}

/** The same of many things, each made a row of; whoever else waits has its turn in between. */
export async function textTableOf<T>(
  arrow: Arrow,
  schema: Schema,
  items: readonly T[],
  rowOf: (item: T) => Row,
): Promise<Table> {
  const slices: Table[] = [];
  for (let at = 0; at < items.length; at += rowsPerSlice) {
    if (at > 0) await setImmediate();
    slices.push(textTable(arrow, schema, items.slice(at, at + rowsPerSlice).map(rowOf)));
  }
  return new arrow.Table(
    schema,
    slices.flatMap(({ batches }) => batches),
  );
}

function textColumn(arrow: Arrow, values: readonly string[]) {
  const valueOffsets = new Int32Array(values.length + 1);
  let bytes = 0;
  for (const [row, value] of values.entries()) {
    bytes += Buffer.byteLength(value);
    valueOffsets[row + 1] = bytes;
  }
  const data = Buffer.allocUnsafe(bytes);
  for (const [row, value] of values.entries()) data.write(value, valueOffsets[row]!);
  return new arrow.Vector([
    arrow.makeData({ type: new arrow.Utf8(), length: values.length, nullCount: 0, valueOffsets, data }),
  ]);
}
