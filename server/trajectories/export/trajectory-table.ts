/** Text of a table that is held at once (UTF-16 units). */
const heldLimit = 512 * 1024 * 1024;

type ColumnKind = "text" | "integer" | "number" | "boolean" | "json";

/** Rows on their way into one parquet table: columns are those of all rows, and a row without one holds nothing there. */
export class TrajectoryTable {
  readonly #rows: Record<string, unknown>[] = [];
  #held = 0;

  /** Undefined when the row was taken, else why not. */
  add(row: Record<string, unknown>): string | undefined {
    const size = Object.values(row).reduce<number>(
      (sum, value) => sum + (typeof value === "string" ? value.length : 16),
      0,
    );
    if (this.#held + size > heldLimit) return "the table is full; write fewer trajectories at a time";
    this.#held += size;
    this.#rows.push(row);
    return undefined;
  }

  /** The table as a parquet file, compressed as pandas does it. */
  async bytes(): Promise<Uint8Array> {
    const { parquetWriteBuffer } = await import("hyparquet-writer");
    const names = [...new Set(this.#rows.flatMap((row) => Object.keys(row)))];
    const columnData = names.map((name) => {
      const cells = this.#rows.map((row) => row[name] ?? null);
      const kind = kindOf(cells);
      return { name, type: types[kind], nullable: true, data: cells.map((cell) => cellOf(cell, kind)) };
    });
    return new Uint8Array(parquetWriteBuffer({ columnData }));
  }
}

const types = { text: "STRING", integer: "INT64", number: "DOUBLE", boolean: "BOOLEAN", json: "JSON" } as const;

function kindOf(cells: readonly unknown[]): ColumnKind {
  const held = cells.filter((cell) => cell !== null);
  // A column that holds nothing is one of numbers that nobody measured.
  if (held.length === 0) return "number";
  if (held.every((cell) => typeof cell === "string")) return "text";
  if (held.every((cell) => typeof cell === "boolean")) return "boolean";
  if (held.every((cell) => Number.isSafeInteger(cell))) return "integer";
  return held.every((cell) => typeof cell === "number") ? "number" : "json";
}

function cellOf(cell: unknown, kind: ColumnKind): unknown {
  if (cell === null) return null;
  return kind === "integer" ? BigInt(cell as number) : cell;
}
