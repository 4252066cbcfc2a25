import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as lance from "@lancedb/lancedb";
import MiniSearch from "minisearch";
import type { Passage } from "../../protocol/passage.ts";
import { Meter } from "./meter.ts";

/** What a peer needs for the same passages and queries, with its defaults. */
export interface PeerFigures {
  /** Stored with the full-text index. */
  wordsPerSecond: number;
  wordsPerCpuSecond: number;
  search: { p50: number; p95: number; cpu: number };
}

/** SQLite's FTS5, one transaction a batch, any of the query's words, ranked by bm25. */
export function ftsPeer(home: string, batches: Iterable<Passage[]>, queries: readonly string[]): Promise<PeerFigures> {
  mkdirSync(home, { recursive: true });
  const database = new DatabaseSync(join(home, "fts.db"));
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE VIRTUAL TABLE passages USING fts5(id UNINDEXED, title, text, tokenize = 'porter')",
  );
  const insert = database.prepare("INSERT INTO passages VALUES (?, ?, ?)");
  const search = database.prepare(
    "SELECT id, title, text FROM passages WHERE passages MATCH ? ORDER BY bm25(passages) LIMIT 10",
  );
  const figures = measure(
    batches,
    queries,
    (batch) => {
      database.exec("BEGIN");
      for (const { id, title, text } of batch) insert.run(id, title, text);
      database.exec("COMMIT");
    },
    () => undefined,
    (query) => search.all(query.split(" ").join(" OR ")),
  );
  return figures.finally(() => database.close());
}

/** LanceDB as its guide has it: objects are added, a full-text index is made, a query is asked. */
export async function lancePeer(
  home: string,
  batches: Iterable<Passage[]>,
  queries: readonly string[],
): Promise<PeerFigures> {
  const connection = await lance.connect(home);
  let table: lance.Table | undefined;
  try {
    return await measure(
      batches,
      queries,
      async (batch) => {
        const rows = batch.map(({ id, title, text }) => ({ id, title, text }));
        if (table) await table.add(rows);
        else table = await connection.createTable("passages", rows);
      },
      () => table!.createIndex("text", { config: lance.Index.fts() }),
      (query) => table!.query().fullTextSearch(query).select(["id", "title", "text", "_score"]).limit(10).toArray(),
    );
  } finally {
    connection.close();
  }
}

/** MiniSearch in memory, gone with the process. */
export function miniSearchPeer(
  _home: string,
  batches: Iterable<Passage[]>,
  queries: readonly string[],
): Promise<PeerFigures> {
  const search = new MiniSearch<Passage>({ fields: ["title", "text"], storeFields: ["title"] });
  return measure(
    batches,
    queries,
    (batch) => search.addAll(batch),
    () => undefined,
    (query) => search.search(query).slice(0, 10),
  );
}

async function measure(
  batches: Iterable<Passage[]>,
  queries: readonly string[],
  add: (batch: Passage[]) => unknown,
  finish: () => unknown,
  search: (query: string) => unknown,
): Promise<PeerFigures> {
  const storing = new Meter();
  let count = 0;
  for (const batch of batches) {
    await storing.run(() => add(batch));
    count += batch.length;
  }
  await storing.run(finish);
  for (const query of queries.slice(0, 20)) await search(query);
  const searching = new Meter();
  for (const query of queries) await searching.run(() => search(query));
  return {
    wordsPerSecond: (count / storing.wall) * 1000,
    wordsPerCpuSecond: (count / storing.cpu) * 1000,
    search: searching.figures(),
  };
}
