// Opens a built index as a server does and searches it: what that takes, as one JSON line: node test/bench/index-reopen.ts TABLES
import * as lance from "@lancedb/lancedb";
import { adoptStore, checkStore } from "../../server/index/adopt-store.ts";
import { Holdings } from "../../server/index/holdings.ts";
import { connectStore, openIndexStore } from "../../server/index/index-store.ts";
import { searchTables } from "../../server/index/search-tables.ts";
import { watchTurns } from "./event-loop-turns.ts";
import { generatedEmbedder } from "./generated-embedder.ts";
import { generatedQueries } from "./generated-passages.ts";
import { Meter } from "./meter.ts";

export interface Reopened {
  /** Until the first search is answered. */
  seconds: number;
  cpuSeconds: number;
  megabytes: number;
  /** Most processor time of the event loop's thread between two of its turns until the first search, in ms. */
  loopBlocked: number;
}

const embedder = generatedEmbedder(2);
const signal = new AbortController().signal;
const queries = generatedQueries(3, 100);
const holdings = new Holdings();
const opening = new Meter();
let search: (query: string, mode: "words" | "hybrid") => Promise<unknown> = () => Promise.resolve();
const blocked = watchTurns();
await opening.run(async () => {
  const { database, state } = await connectStore(lance, { kind: "folder", path: process.argv[2]! }, {});
  const store = await openIndexStore(lance, database, state, embedder, true);
  await adoptStore(store, holdings, undefined);
  await checkStore(store, holdings);
  const sources = { tables: store.tables, embedder, passagesOfHash: (hash: string) => holdings.passagesOfHash(hash) };
  search = (query, mode) => searchTables(sources, query, 10, mode, signal);
  await search(queries[0]!, "words");
});
const { cpu: loopBlocked } = blocked.end();
for (const query of queries) await search(query, "hybrid");
const reopened: Reopened = {
  seconds: opening.wall / 1000,
  cpuSeconds: opening.cpu / 1000,
  megabytes: process.memoryUsage().rss / 2 ** 20,
  loopBlocked,
};
console.log(JSON.stringify(reopened));
