import type { Schema, Table } from "apache-arrow";

type Arrow = typeof import("apache-arrow");

/**
 * Rows of texts as an Arrow table. Built from whole columns: LanceDB's own way through objects looks at every value of every row and holds
 * the event loop for as long.
 */
export function textTable(arrow: Arrow, schema: Schema, rows: readonly Readonly<Record<string, string>>[]): Table {
  const columns = schema.names.map((name) => [
    name,
    textColumn(
      arrow,
      rows.map((row) => row[String(name)]!),
    ),
  ]);
  return new arrow.Table(schema, Object.fromEntries(columns) as never);
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
