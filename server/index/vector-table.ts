import type { Table } from "@lancedb/lancedb";
import type { Lance } from "../lance.ts";
import type { Database } from "./database.ts";
import { eachRow } from "./each-row.ts";
import type { LegHit } from "./fusion.ts";
import { quoted } from "./quoted.ts";

/** One vector for each distinct text, keyed by the text's hash. */
export interface VectorTable {
  add(hashes: readonly string[], vectors: readonly Float32Array[]): Promise<void>;
  hashes(): Promise<Set<string>>;
  remove(hashes: readonly string[]): Promise<void>;
  /** Ids are text hashes. Only vectors of the given hashes where there are any given. */
  search(vector: Float32Array, limit: number, hashes?: readonly string[]): Promise<LegHit[]>;
  /** Builds the index that search needs where there are many vectors. */
  ensureIndex(): Promise<void>;
  /** The table with the name of its index, for upkeep. */
  readonly upkept: [Table, string];
}

export const vectorTablePrefix = "vectors-";
const indexName = "vector_idx";
/** Each time rows are folded in, the index gets a part more, which every search asks as well; from so many on it is built anew, in seconds. */
const mostParts = 6;
/** Below this many rows a search of all of them is quick, and no index is worth its recall. */
const indexedRows = 20_000;
const hashesPerFilter = 500;

/** The name of the table that holds an embedder's vectors; vectors of different embedders never meet. */
export function vectorTableName(embedderId: string, dimension: number): string {
  return `${vectorTablePrefix}${embedderId.replace(/[^A-Za-z0-9_.-]+/g, "_")}-${dimension}`;
}

export async function openVectorTable(
  lance: Lance,
  database: Database,
  name: string,
  dimension: number,
): Promise<VectorTable> {
  const arrow = await import("apache-arrow");
  const list = new arrow.FixedSizeList(dimension, new arrow.Field("item", new arrow.Float32(), true));
  const table = await database.table(
    name,
    () => new arrow.Schema([new arrow.Field("hash", new arrow.Utf8(), false), new arrow.Field("vector", list, false)]),
  );
  return {
    upkept: [table, indexName],
    async add(hashes, made) {
      if (hashes.length === 0) return;
      const values = new Float32Array(hashes.length * dimension);
      for (const [row, vector] of made.entries()) values.set(vector, row * dimension);
      const child = arrow.makeData({ type: new arrow.Float32(), data: values, nullCount: 0 });
      const data = new arrow.Table({
        hash: arrow.vectorFromArray([...hashes], new arrow.Utf8()),
        vector: new arrow.Vector([arrow.makeData({ type: list, length: hashes.length, nullCount: 0, child })]),
      });
      await table.add(data);
    },
    async hashes() {
      const hashes = new Set<string>();
      await eachRow(table, ["hash"], (hash) => hashes.add(hash));
      return hashes;
    },
    async remove(hashes) {
      for (let at = 0; at < hashes.length; at += hashesPerFilter) {
        await table.delete(
          `hash IN (${hashes
            .slice(at, at + hashesPerFilter)
            .map(quoted)
            .join(", ")})`,
        );
      }
    },
    async search(vector, limit, hashes) {
      const nearest = table.query().nearestTo(vector).distanceType("dot").select(["hash", "_distance"]).limit(limit);
      if (hashes) nearest.where(`hash IN (${hashes.map(quoted).join(", ")})`);
      const rows = await nearest.nprobes(20).refineFactor(5).toArray();
      return rows.map((row) => ({ id: String(row.hash), score: 1 - Number(row._distance) }));
    },
    async ensureIndex() {
      const names = (await table.listIndices()).map((index) => index.name);
      const parts = names.includes(indexName) ? ((await table.indexStats(indexName))?.numIndices ?? 1) : 0;
      if (parts > 0 && parts <= mostParts) return;
      if (parts === 0 && (await table.countRows()) < indexedRows) return;
      const config = lance.Index.ivfRq({ distanceType: "dot" });
      await table.createIndex("vector", { config, name: indexName, replace: true });
    },
  };
}
