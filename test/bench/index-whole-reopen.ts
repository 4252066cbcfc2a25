// Opens an indexed folder as a server does, with the real embedding model, and searches it; prints one JSON line: node test/bench/index-whole-reopen.ts DOCS HOME
import { openFolder } from "../../server/home.ts";
import { openFolderIndex } from "../../server/index/folder-index.ts";
import { openEmbedder } from "../../server/models/open-embedder.ts";
import { generatedQueries } from "./generated-passages.ts";
import { Meter } from "./meter.ts";

export interface ReopenedFolder {
  /** Until the first search is answered, and until the folder is looked through and all is told as ready. */
  searchSeconds: number;
  readySeconds: number;
  cpuSeconds: number;
  /** Texts that were embedded for it; the queries apart. */
  embedded: number;
  /** Resident memory after all searches, with the model loaded. */
  megabytes: number;
  /** Hybrid searches with the query's embedding, and that embedding alone. */
  search: { p50: number; p95: number; cpu: number };
  embedding: { p50: number; p95: number; cpu: number };
}

const [, , docs = "", home = ""] = process.argv;
const signal = new AbortController().signal;
const queries = generatedQueries(3, 100);
const opening = await openEmbedder("minilm");
if (!opening.ok) throw new Error(opening.reason);
const { embedder } = opening;
let embedded = 0;
const counting: typeof embedder = {
  id: embedder.id,
  dimension: embedder.dimension,
  maxTokens: embedder.maxTokens,
  embed: (texts, kind, abort) => {
    if (kind === "passage") embedded += texts.length;
    return embedder.embed(texts, kind, abort);
  },
  close: () => embedder.close(),
};
const started = new Meter();
let searchSeconds = 0;
let index: Awaited<ReturnType<typeof openFolderIndex>> | undefined;
await started.run(async () => {
  const from = performance.now();
  index = await openFolderIndex(openFolder(docs, home), { embedder: counting });
  await index.search(queries[0]!, 10, "hybrid", signal);
  searchSeconds = (performance.now() - from) / 1000;
  await index.update(signal);
});
const search = new Meter();
const embedding = new Meter();
for (const query of queries) await search.run(() => index!.search(query, 10, "hybrid", signal));
for (const query of queries) await embedding.run(() => embedder.embed([query], "query", signal));
const reopened: ReopenedFolder = {
  searchSeconds,
  readySeconds: started.wall / 1000,
  cpuSeconds: started.cpu / 1000,
  embedded,
  megabytes: process.memoryUsage().rss / 2 ** 20,
  search: search.figures(),
  embedding: embedding.figures(),
};
if (index!.status().state !== "ready") throw new Error(index!.status().reason);
await index!.close();
await embedder.close();
console.log(JSON.stringify(reopened));
