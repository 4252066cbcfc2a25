import type { Index, Query, Table } from "@lancedb/lancedb";
import type { Passage } from "../../protocol/passage.ts";
import type { Lance } from "../lance.ts";
import type { LegHit } from "./fusion.ts";
import type { Database } from "./database.ts";
import { eachRow } from "./each-row.ts";
import { passageColumns, passageOf, readColumns, rowOf } from "./passage-rows.ts";
import { quoted } from "./quoted.ts";
import { filterSql } from "./search-filter.ts";
import type { SearchQuery } from "./search-query.ts";
import { textTableOf } from "./text-columns.ts";
import { prune, tableBytes, upkeepOf } from "./upkeep.ts";
import { openVectorTable } from "./vector-table.ts";
import { wordsQuery } from "./words-query.ts";

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
  /** Passages with the query's words, best first; all of them hold its phrases and pass its filters. */
  searchWords(query: SearchQuery, limit: number): Promise<LegHit[]>;
  /** Ids are text hashes. Only vectors of the given hashes where there are any given. */
  searchVectors(vector: Float32Array, limit: number, hashes?: readonly string[]): Promise<LegHit[]>;
  /** Up to so many of the passages that hold the query's phrases and pass its filters, whatever its words. */
  admitted(query: SearchQuery, limit: number): Promise<{ id: string; hash: string }[]>;
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

const wordsIndex = "words_idx";

/** Opens the searched tables of a database, which is closed by whoever opened it. */
export async function openTables(
  lance: Lance,
  database: Database,
  { vectors: wanted, write = true }: TablesOptions = {},
): Promise<Tables> {
  const arrow = await import("apache-arrow");
  const text = (name: string) => new arrow.Field(name, new arrow.Utf8(), false);
  const schema = new arrow.Schema(passageColumns.map(text));
  const passages = await database.table("passages", () => schema);
  const vectors = wanted ? await openVectorTable(lance, database, wanted.table, wanted.dimension) : undefined;
  if (write) await ensureTextIndexes(lance, passages);
  const upkept = [passages, ...(vectors ? [vectors.upkept[0]] : [])];
  const upkeeps = [
    upkeepOf(database.place, passages, { index: wordsIndex, fullText: true }),
    ...(vectors ? [upkeepOf(database.place, vectors.upkept[0], { index: vectors.upkept[1] })] : []),
  ];

  return {
    async addPassages(rows) {
      if (rows.length === 0) return;
      await passages.add(await textTableOf(arrow, schema, rows, (row) => ({ ...rowOf(row) })));
    },
    countPassages: () => passages.countRows(),
    async paths() {
      const paths = new Set<string>();
      await eachRow(passages, ["path"], (path) => paths.add(path));
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
      const search = wordsQuery(lance, query);
      if (!search) return [];
      const rows = await filtered(passages.query(), query)
        .fullTextSearch(search)
        .select(["id", "_score"])
        .limit(limit)
        .toArray();
      return rows.map((row) => ({ id: String(row.id), score: Number(row._score) }));
    },
    searchVectors: async (vector, limit, hashes) => (await vectors?.search(vector, limit, hashes)) ?? [],
    async admitted(query, limit) {
      const phrases = wordsQuery(lance, { text: "", phrases: query.phrases });
      const all = filtered(passages.query(), query);
      const search = phrases
        ? all.fullTextSearch(phrases).select(["id", "hash", "_score"])
        : all.select(["id", "hash"]);
      const rows = await search.limit(limit).toArray();
      return rows.map((row) => ({ id: String(row.id), hash: String(row.hash) }));
    },
    async passages(ids) {
      const found = new Map<string, Passage>();
      if (ids.length === 0) return found;
      const where = `id IN (${ids.map(quoted).join(", ")})`;
      for (const row of await passages
        .query()
        .where(where)
        .select([...readColumns])
        .toArray()) {
        const passage = passageOf(row as Parameters<typeof passageOf>[0]);
        found.set(passage.id, passage);
      }
      return found;
    },
    async everyPassage() {
      const all: Passage[] = [];
      for await (const batch of passages.query().select([...readColumns])) {
        for (const row of batch) all.push(passageOf(row as unknown as Parameters<typeof passageOf>[0]));
      }
      return all;
    },
    async maintain(force = false) {
      await vectors?.ensureIndex();
      for (const upkeep of upkeeps) await upkeep.keep(force);
    },
    async prune() {
      for (const table of upkept) await prune(database.place, table);
    },
    async bytes() {
      const sizes = await Promise.all(upkept.map((table) => tableBytes(database.place, table)));
      const live = sizes.reduce((sum, size) => sum + size.live, 0);
      if (database.place.kind !== "folder") return { live };
      return { live, onDisk: sizes.reduce((sum, { onDisk = 0 }) => sum + onDisk, 0) };
    },
    async refresh() {
      for (const table of upkept) await table.checkoutLatest();
    },
    async versions() {
      const versions = [];
      for (const table of upkept) versions.push(await table.version());
      return versions.join(" ");
    },
  };
}

/** The query with the filters of a search, which LanceDB applies before it ranks. */
function filtered(query: Query, { filters }: SearchQuery): Query {
  const where = filterSql(filters);
  return where === undefined ? query : query.where(where);
}

async function ensureTextIndexes(lance: Lance, table: Table): Promise<void> {
  const present = new Set((await table.listIndices()).map((index) => index.name));
  const ensure = async (column: string, config: Index, name = `${column}_idx`): Promise<void> => {
    if (!present.has(name)) await table.createIndex(column, { config, name });
  };
  // icu/split finds words of scripts without spaces and parts of dotted and snake-case names; positions are for phrases.
  const words = { stem: true, removeStopWords: false, withPosition: true, asciiFolding: true } as const;
  await ensure("words", lance.Index.fts({ baseTokenizer: "icu/split", ...words }), wordsIndex);
  const pairs = { stem: false, removeStopWords: false, withPosition: false, asciiFolding: false } as const;
  await ensure("pairs", lance.Index.fts({ baseTokenizer: "whitespace", ...pairs }));
  for (const column of ["path", "id"]) await ensure(column, lance.Index.btree());
  for (const column of ["kind", "lang"]) await ensure(column, lance.Index.bitmap());
}
