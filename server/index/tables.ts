import type { Connection, Table } from "@lancedb/lancedb";
import type { Passage } from "../../protocol/passage.ts";
import { Place } from "../../protocol/place.ts";
import type { Lance } from "../lance.ts";
import type { LegHit } from "./fusion.ts";
import { contentWords, splitIdentifiers } from "./query-words.ts";

/**
 * The two LanceDB tables of an index.
 *
 * `passages` holds texts with full-text indexes; it is complete as soon as words are. `vectors` holds one vector for
 * each distinct text and trails behind; it is keyed by the text's hash, so that renames, branch switches and repeated
 * text embed nothing.
 */
export interface Tables {
  addPassages(passages: readonly Passage[]): Promise<void>;
  removeFiles(paths: readonly string[]): Promise<void>;
  addVectors(hashes: readonly string[], vectors: readonly Float32Array[]): Promise<void>;
  knownVectors(): Promise<Set<string>>;
  searchWords(query: string, limit: number): Promise<LegHit[]>;
  /** Ids are text hashes. */
  searchVectors(vector: Float32Array, limit: number): Promise<LegHit[]>;
  passages(ids: readonly string[]): Promise<Map<string, Passage>>;
  /** Builds or extends indexes and removes what old versions left, where the thresholds say it is due. */
  maintain(force?: boolean): Promise<void>;
  refresh(): Promise<void>;
  close(): void;
}

const textColumns = { text: 1, title: 0.7, identifiers: 0.6 } as const;
const vectorIndexRows = 20_000;
const unindexedRows = 2_000;
const smallFragments = 30;
/** Another process may still read a version this old. */
const keptMilliseconds = 10 * 60_000;

export async function openTables(lance: Lance, path: string, dimension: number | undefined): Promise<Tables> {
  const arrow = await import("apache-arrow");
  const connection = await lance.connect(path, { readConsistencyInterval: 0 });
  const passages = await openOr(connection, "passages", () => {
    const text = (name: string) => new arrow.Field(name, new arrow.Utf8(), false);
    return new arrow.Schema(["id", "path", "title", "text", "identifiers", "place"].map(text));
  });
  const vectors = dimension
    ? await openOr(connection, "vectors", () => {
        const list = new arrow.FixedSizeList(dimension, new arrow.Field("item", new arrow.Float32(), true));
        return new arrow.Schema([
          new arrow.Field("hash", new arrow.Utf8(), false),
          new arrow.Field("vector", list, false),
        ]);
      })
    : undefined;
  await ensureTextIndexes(lance, passages);

  return {
    async addPassages(rows) {
      if (rows.length === 0) return;
      await passages.add(
        rows.map((row) => ({
          id: row.id,
          path: row.place?.path ?? row.id,
          title: row.title,
          text: row.text,
          identifiers: splitIdentifiers(row.text),
          place: row.place ? JSON.stringify(row.place) : "",
        })),
      );
    },
    async removeFiles(paths) {
      for (let at = 0; at < paths.length; at += 200) {
        await passages.delete(
          `path IN (${paths
            .slice(at, at + 200)
            .map(quoted)
            .join(", ")})`,
        );
      }
    },
    async addVectors(hashes, made) {
      if (!vectors || hashes.length === 0) return;
      const values = new Float32Array(hashes.length * dimension!);
      for (const [row, vector] of made.entries()) values.set(vector, row * dimension!);
      const child = arrow.makeData({ type: new arrow.Float32(), data: values, nullCount: 0 });
      const list = new arrow.FixedSizeList(dimension!, new arrow.Field("item", new arrow.Float32(), true));
      const table = new arrow.Table({
        hash: arrow.vectorFromArray([...hashes], new arrow.Utf8()),
        vector: new arrow.Vector([arrow.makeData({ type: list, length: hashes.length, nullCount: 0, child })]),
      });
      await vectors.add(table);
    },
    async knownVectors() {
      if (!vectors) return new Set();
      const rows = await vectors.query().select(["hash"]).toArray();
      return new Set(rows.map((row) => String(row.hash)));
    },
    async searchWords(query, limit) {
      const words = contentWords(query).join(" ");
      if (words === "") return [];
      const columns = Object.keys(textColumns);
      const match = new lance.MultiMatchQuery(words, columns, { boosts: Object.values(textColumns) });
      const rows = await passages.query().fullTextSearch(match).select(["id", "_score"]).limit(limit).toArray();
      return rows.map((row) => ({ id: String(row.id), score: Number(row._score) }));
    },
    async searchVectors(vector, limit) {
      if (!vectors) return [];
      const nearest = vectors.query().nearestTo(vector).distanceType("dot").select(["hash", "_distance"]).limit(limit);
      const rows = await nearest.nprobes(20).refineFactor(5).toArray();
      return rows.map((row) => ({ id: String(row.hash), score: 1 - Number(row._distance) }));
    },
    async passages(ids) {
      const found = new Map<string, Passage>();
      if (ids.length === 0) return found;
      const where = `id IN (${ids.map(quoted).join(", ")})`;
      for (const row of await passages.query().where(where).select(["id", "title", "text", "place"]).toArray()) {
        const place = row.place === "" ? undefined : Place.parse(JSON.parse(String(row.place)));
        found.set(String(row.id), {
          id: String(row.id),
          title: String(row.title),
          text: String(row.text),
          ...(place ? { place } : {}),
        });
      }
      return found;
    },
    async maintain(force = false) {
      await maintainTable(passages, "text_idx", force);
      if (!vectors) return;
      const names = (await vectors.listIndices()).map((index) => index.name);
      if (!names.includes("vector_idx") && (await vectors.countRows()) >= vectorIndexRows) {
        await vectors.createIndex("vector", { config: lance.Index.ivfRq({ distanceType: "dot" }), name: "vector_idx" });
      }
      await maintainTable(vectors, "vector_idx", force);
    },
    async refresh() {
      await passages.checkoutLatest();
      await vectors?.checkoutLatest();
    },
    close() {
      passages.close();
      vectors?.close();
      connection.close();
    },
  };
}

async function openOr(
  connection: Connection,
  name: string,
  schema: () => import("apache-arrow").Schema,
): Promise<Table> {
  const names = await connection.tableNames();
  return names.includes(name)
    ? connection.openTable(name)
    : connection.createEmptyTable(name, schema(), { existOk: true });
}

async function ensureTextIndexes(lance: Lance, table: Table): Promise<void> {
  const present = new Set((await table.listIndices()).map((index) => index.name));
  for (const column of Object.keys(textColumns)) {
    if (present.has(`${column}_idx`)) continue;
    // icu/split finds words of scripts without spaces and parts of dotted and snake-case names.
    const config = lance.Index.fts({
      baseTokenizer: "icu/split",
      stem: true,
      removeStopWords: false,
      withPosition: false,
      asciiFolding: true,
    });
    await table.createIndex(column, { config, name: `${column}_idx` });
  }
  if (!present.has("path_idx")) await table.createIndex("path", { config: lance.Index.btree(), name: "path_idx" });
  if (!present.has("id_idx")) await table.createIndex("id", { config: lance.Index.btree(), name: "id_idx" });
}

/** Every small commit is a fragment that each query reads; folded and indexed they cost nothing. */
async function maintainTable(table: Table, index: string, force: boolean): Promise<void> {
  await table.checkoutLatest();
  const unindexed = (await table.indexStats(index))?.numUnindexedRows ?? 0;
  const { fragmentStats } = await table.stats();
  if (!force && unindexed < unindexedRows && fragmentStats.numSmallFragments < smallFragments) return;
  if (unindexed === 0 && fragmentStats.numSmallFragments <= 1) return;
  await table.optimize({ cleanupOlderThan: new Date(Date.now() - keptMilliseconds) });
}

/** LanceDB has no bound parameters; a quote inside a string is doubled. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
