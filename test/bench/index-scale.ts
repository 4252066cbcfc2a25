// An index of so many generated passages in a process of its own, beside peers on the same texts; prints one JSON line: node test/bench/index-scale.ts PASSAGES [EDITS]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitFiles } from "../../server/index/commit-files.ts";
import { embeddingHash } from "../../server/index/embedding-text.ts";
import { Holdings } from "../../server/index/holdings.ts";
import type { IndexStore } from "../../server/index/index-store.ts";
import { maintainStore } from "../../server/index/maintain-store.ts";
import { searchTables } from "../../server/index/search-tables.ts";
import { watchTurns } from "./event-loop-turns.ts";
import { generatedEmbedder } from "./generated-embedder.ts";
import { generatedQueries } from "./generated-passages.ts";
import { type PeerFigures, ftsPeer, lancePeer, miniSearchPeer } from "./index-peers.ts";
import type { Reopened } from "./index-reopen.ts";
import { Meter } from "./meter.ts";
import {
  generatedBatches,
  openScaleStore,
  perCommit,
  perFile,
  planOf,
  savedFile,
  storeVectors,
} from "./scale-store.ts";

/** Milliseconds of one search: on the clock, and of processor time on average, which other users of the machine do not change. */
export interface SearchFigures {
  p50: number;
  p95: number;
  cpu: number;
}

export interface ScaleBench {
  passages: number;
  /** Passages a second of the clock: stored, and stored with their full-text indexes. */
  storedPerSecond: number;
  wordsPerSecond: number;
  /** The same a second of processor time. */
  storedPerCpuSecond: number;
  wordsPerCpuSecond: number;
  vectorsPerSecond: number;
  vectorsPerCpuSecond: number;
  vectorIndexSeconds: number;
  /** Most processor time of the event loop's thread between two of its turns, in ms, while words were stored and indexed. */
  loopBlocked: number;
  /** The query's vector is at hand. */
  words: SearchFigures;
  hybrid: SearchFigures;
  /** Opening the built index in a process of its own until it can be searched, and what that process needs after a hundred searches. */
  restartSeconds: number;
  restartCpuSeconds: number;
  /** As `loopBlocked`, while it was opened. */
  restartBlocked?: number;
  megabytes: number;
  edits: {
    count: number;
    /** A file of 20 passages that was saved, until a search finds it. */
    searchable: SearchFigures;
    hybridAfter: SearchFigures;
    /** Files on disk against the live rows, after all edits and the upkeep that they brought. */
    diskRatio: number;
    diskMegabytes: number;
  };
  peers: Record<string, PeerFigures>;
}

const searchedEdits = 60;
const count = Number(process.argv[2] ?? 10_000);
const editCount = Number(process.argv[3] ?? 500);
const signal = new AbortController().signal;
const home = mkdtempSync(join(tmpdir(), "searchlight-scale-"));
try {
  console.log(JSON.stringify(await bench()));
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function bench(): Promise<ScaleBench> {
  const embedder = generatedEmbedder(1);
  const tables = join(home, "tables");
  let store = await openScaleStore(tables, embedder);
  const holdings = new Holdings();
  const storing = new Meter();
  const blocked = watchTurns();
  for (const passages of generatedBatches(count)) {
    const plan = planOf(passages);
    // Making the texts is the bench's own work and is not looked at.
    blocked.pass();
    await storing.run(() => commitFiles(store, holdings, plan));
  }
  const indexing = new Meter();
  await indexing.run(() => maintainStore(store, holdings));
  const loopBlocked = blocked.end().cpu;
  say(`stored in ${storing.wall | 0} ms, indexed in ${indexing.wall | 0} ms`);

  const adding = new Meter();
  const missing = [...holdings.missing];
  for (let at = 0; at < missing.length; at += perCommit) {
    const hashes = missing.slice(at, at + perCommit);
    const vectors = await embedder.embed(hashes, "passage", signal);
    await adding.run(() => store.tables.addVectors(hashes, vectors));
    holdings.addVectors(hashes);
  }
  const vectorIndex = new Meter();
  await vectorIndex.run(() => maintainStore(store, holdings));
  say(`vectors added in ${adding.wall | 0} ms, indexed in ${vectorIndex.wall | 0} ms`);

  const sources = () => ({
    tables: store.tables,
    embedder,
    passagesOfHash: (hash: string) => holdings.passagesOfHash(hash),
  });
  const queries = generatedQueries(2, 100);
  const searched = async (mode: "words" | "hybrid"): Promise<SearchFigures> => {
    const meter = new Meter();
    for (const query of queries) await meter.run(() => searchTables(sources(), query, 10, mode, signal));
    return meter.figures();
  };
  await searched("hybrid");
  const words = await searched("words");
  const hybrid = await searched("hybrid");
  store.database.close();
  // The path, not this process, decides what the other one needs.
  const reopened = JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, "index-reopen.ts"), tables], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  ) as Reopened;
  say(`hybrid ${hybrid.p95 | 0} ms (p95), restart ${reopened.seconds.toFixed(2)} s, ${reopened.megabytes | 0} MiB`);

  store = await openScaleStore(tables, embedder);
  const { searchable, hybridAfter } = await edited(store, holdings, sources, queries);
  const { live, onDisk = 0 } = await store.tables.bytes();
  store.database.close();
  rmSync(tables, { recursive: true });

  const peers: ScaleBench["peers"] = {};
  for (const [name, peer] of Object.entries({ fts5: ftsPeer, lancedb: lancePeer, minisearch: miniSearchPeer })) {
    if (name === "minisearch" && count > 100_000) continue;
    say(`peer ${name}`);
    peers[name] = await peer(join(home, name), generatedBatches(count), queries);
  }
  return {
    passages: count,
    storedPerSecond: (count / storing.wall) * 1000,
    wordsPerSecond: (count / (storing.wall + indexing.wall)) * 1000,
    storedPerCpuSecond: (count / storing.cpu) * 1000,
    wordsPerCpuSecond: (count / (storing.cpu + indexing.cpu)) * 1000,
    vectorsPerSecond: (missing.length / adding.wall) * 1000,
    vectorsPerCpuSecond: (missing.length / adding.cpu) * 1000,
    vectorIndexSeconds: vectorIndex.wall / 1000,
    loopBlocked,
    words,
    hybrid,
    restartSeconds: reopened.seconds,
    restartCpuSeconds: reopened.cpuSeconds,
    restartBlocked: reopened.loopBlocked,
    megabytes: reopened.megabytes,
    edits: {
      count: editCount,
      searchable,
      hybridAfter,
      diskRatio: onDisk / live,
      diskMegabytes: onDisk / 2 ** 20,
    },
    peers,
  };
}

/**
 * Saves one file after the other, each until a word that only it has is found; upkeep comes behind, as in an update. Searches after each of the last
 * edits see the index as it is at any moment between two foldings.
 */
async function edited(
  store: IndexStore,
  holdings: Holdings,
  sources: () => Parameters<typeof searchTables>[0],
  queries: readonly string[],
): Promise<{ searchable: SearchFigures; hybridAfter: SearchFigures }> {
  const meter = new Meter();
  const searching = new Meter();
  const files = Math.floor(count / perFile);
  for (let edit = 0; edit < editCount; edit++) {
    const fresh = savedFile(edit, files);
    const [word = ""] = fresh[0]!.text.split(" ").slice(-1);
    await meter.run(async () => {
      await commitFiles(store, holdings, planOf(fresh));
      const [hit] = await searchTables(sources(), word, 1, "words", signal);
      if (hit?.passage.id !== fresh[0]!.id) throw new Error(`Edit ${edit} is not found.`);
    });
    await storeVectors(store, holdings, sources().embedder!, fresh.map(embeddingHash));
    await maintainStore(store, holdings);
    if (edit < editCount - searchedEdits) continue;
    for (const query of [queries[(2 * edit) % queries.length]!, queries[(2 * edit + 1) % queries.length]!])
      await searching.run(() => searchTables(sources(), query, 10, "hybrid", signal));
  }
  return { searchable: meter.figures(), hybridAfter: searching.figures() };
}

function say(line: string): void {
  console.error(`${count} passages: ${line}`);
}
