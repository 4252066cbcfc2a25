import type { Table } from "@lancedb/lancedb";
import type { Passage } from "../../protocol/passage.ts";
import { Place } from "../../protocol/place.ts";
import type { Lance } from "../lance.ts";
import type { LegHit } from "./fusion.ts";
import type { Database } from "./database.ts";
import { contentWords, splitIdentifiers } from "./query-words.ts";
import { quoted } from "./quoted.ts";
import { textTable } from "./text-columns.ts";
import { keepUp, prune, tableBytes } from "./upkeep.ts";
import { openVectorTable } from "./vector-table.ts";

/**
 * The tables that are searched.
 *
 * `passages` holds texts with full-text indexes; it is complete as soon as words are. A table of vectors holds one vector for
 * each distinct text and trails behind; it is keyed by the text's hash, so that renames, branch switches and repeated
 * text embed nothing.
 */
export interface Tables {
  addPassages(passages: readonly Passage[]): Promise<void>;
  countPassages(): Promise<number>;
  /** Every path that has passages. */
  paths(): Promise<Set<string>>;
  removeFiles(paths: readonly string[]): Promise<void>;
  addVectors(hashes: readonly string[], vectors: readonly Float32Array[]): Promise<void>;
  knownVectors(): Promise<Set<string>>;
  removeVectors(hashes: readonly string[]): Promise<void>;
  searchWords(query: string, limit: number): Promise<LegHit[]>;
  /** Ids are text hashes. */
  searchVectors(vector: Float32Array, limit: number): Promise<LegHit[]>;
  passages(ids: readonly string[]): Promise<Map<string, Passage>>;
  everyPassage(): Promise<Passage[]>;
  /** Builds or extends indexes and removes what old versions left, where the thresholds say it is due. */
  maintain(force?: boolean): Promise<void>;
  /** Removes every old version and what no version names. */
  prune(): Promise<void>;
  /** Bytes of the live rows and indexes, and of everything on disk; the latter only where the tables are in a folder. */
  bytes(): Promise<{ live: number; onDisk?: number }>;
  refresh(): Promise<void>;
  /** Numbers that change with every commit of any process. */
  versions(): Promise<string>;
}

export interface TablesOptions {
  /** The table of vectors; absent where there is no embedder. */
  vectors?: { table: string; dimension: number };
  /** False: tables and indexes that are missing are not made. */
  write?: boolean;
}

const textColumns = { text: 1, title: 0.7, identifiers: 0.6 } as const;

/** Opens the searched tables of a database, which is closed by whoever opened it. */
export async function openTables(
  lance: Lance,
  database: Database,
  { vectors: wanted, write = true }: TablesOptions = {},
): Promise<Tables> {
  const arrow = await import("apache-arrow");
  const text = (name: string) => new arrow.Field(name, new arrow.Utf8(), false);
  const schema = new arrow.Schema(["id", "path", "title", "text", "identifiers", "place"].map(text));
  const passages = await database.table("passages", () => schema);
  const vectors = wanted ? await openVectorTable(lance, database, wanted.table, wanted.dimension) : undefined;
  if (write) await ensureTextIndexes(lance, passages);
  const upkept = (): [Table, string][] => [[passages, "text_idx"], ...(vectors ? [vectors.upkept] : [])];

  return {
    async addPassages(rows) {
      if (rows.length === 0) return;
      const data = rows.map((row) => ({
        id: row.id,
        path: row.place?.path ?? row.id,
        title: row.title,
        text: row.text,
        identifiers: splitIdentifiers(row.text),
        place: row.place ? JSON.stringify(row.place) : "",
      }));
      await passages.add(textTable(arrow, schema, data));
    },
    countPassages: () => passages.countRows(),
    async paths() {
      const rows = await passages.query().select(["path"]).toArrow();
      const column = rows.getChild("path")!;
      const paths = new Set<string>();
      for (let row = 0; row < rows.numRows; row++) paths.add(String(column.get(row)));
      return paths;
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
    addVectors: async (hashes, made) => vectors?.add(hashes, made),
    removeVectors: async (hashes) => vectors?.remove(hashes),
    knownVectors: async () => (await vectors?.hashes()) ?? new Set(),
    async searchWords(query, limit) {
      const words = contentWords(query).join(" ");
      if (words === "") return [];
      const columns = Object.keys(textColumns);
      const match = new lance.MultiMatchQuery(words, columns, { boosts: Object.values(textColumns) });
      const rows = await passages.query().fullTextSearch(match).select(["id", "_score"]).limit(limit).toArray();
      return rows.map((row) => ({ id: String(row.id), score: Number(row._score) }));
    },
    searchVectors: async (vector, limit) => (await vectors?.search(vector, limit)) ?? [],
    async passages(ids) {
      const found = new Map<string, Passage>();
      if (ids.length === 0) return found;
      const where = `id IN (${ids.map(quoted).join(", ")})`;
      for (const row of await passages.query().where(where).select(readColumns).toArray()) {
        found.set(String(row.id), passageOf(row as never));
      }
      return found;
    },
    async everyPassage() {
      const all: Passage[] = [];
      for await (const batch of passages.query().select(readColumns)) {
        for (const row of batch) all.push(passageOf(row as never));
      }
      return all;
    },
    async maintain(force = false) {
      await vectors?.ensureIndex();
      for (const [table, index] of upkept()) await keepUp(database.place, table, index, force);
    },
    async prune() {
      for (const [table] of upkept()) await prune(database.place, table);
    },
    async bytes() {
      const sizes = await Promise.all(upkept().map(([table]) => tableBytes(database.place, table)));
      const live = sizes.reduce((sum, size) => sum + size.live, 0);
      if (database.place.kind !== "folder") return { live };
      return { live, onDisk: sizes.reduce((sum, { onDisk = 0 }) => sum + onDisk, 0) };
    },
    async refresh() {
      for (const [table] of upkept()) await table.checkoutLatest();
    },
    async versions() {
      const versions = [];
      for (const [table] of upkept()) versions.push(await table.version());
      return versions.join(" ");
    },
  };
}

const readColumns = ["id", "title", "text", "place"];

function passageOf(row: Record<"id" | "title" | "text" | "place", unknown>): Passage {
  const place = row.place === "" ? undefined : Place.parse(JSON.parse(String(row.place)));
  return { id: String(row.id), title: String(row.title), text: String(row.text), ...(place ? { place } : {}) };
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
