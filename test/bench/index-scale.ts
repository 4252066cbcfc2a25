// An index of so many generated passages in a process of its own, beside peers on the same texts; prints one JSON line: node test/bench/index-scale.ts PASSAGES [EDITS]
import { mkdtempSync, rmSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as lance from "@lancedb/lancedb";
import type { Passage } from "../../protocol/passage.ts";
import { adoptStore, checkStore } from "../../server/index/adopt-store.ts";
import { commitFiles } from "../../server/index/commit-files.ts";
import { embeddingHash } from "../../server/index/embedding-text.ts";
import { Holdings } from "../../server/index/holdings.ts";
import { connectStore, type IndexStore, openIndexStore } from "../../server/index/index-store.ts";
import { searchTables } from "../../server/index/search-tables.ts";
import type { Embedder } from "../../server/models/embedder.ts";
import { generatedPassages, generatedQueries, vectorSource } from "./generated-passages.ts";
import { type PeerFigures, ftsPeer, lancePeer, miniSearchPeer } from "./index-peers.ts";
import { quantile } from "./quantile.ts";

export interface Percentiles {
  p50: number;
  p95: number;
}

export interface ScaleBench {
  passages: number;
  /** Passages a second: stored, and stored with their full-text index. */
  storedPerSecond: number;
  wordsPerSecond: number;
  vectorsPerSecond: number;
  vectorIndexSeconds: number;
  /** Longest time that the event loop stood still while words were stored and indexed, and while nothing was done, in ms: others use the machine too. */
  loopBlocked: { indexing: number; idle: number };
  /** Milliseconds a search; the query's vector is at hand. */
  words: Percentiles;
  hybrid: Percentiles;
  /** Of this process after building and searching, the peers not yet run. */
  megabytes: number;
  /** Opening the built index until it can be searched. */
  restartSeconds: number;
  edits: {
    count: number;
    /** A file of 20 passages that was saved, until a search finds it. */
    searchableMilliseconds: Percentiles;
    hybridAfter: Percentiles;
    /** Files on disk against the live rows, after all edits and the upkeep that they brought. */
    diskRatio: number;
    diskMegabytes: number;
  };
  peers: Record<string, PeerFigures>;
}

const dimension = 384;
const perFile = 20;
const perCommit = 4_000;
const resolution = 5;
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
  const nextVector = vectorSource(dimension, 1);
  const embedder: Embedder = {
    id: "generated",
    dimension,
    maxTokens: 256,
    embed: (texts) => Promise.resolve(texts.map(nextVector)),
    close: () => Promise.resolve(),
  };
  let store = await open(embedder);
  const holdings = new Holdings();
  const commit = (passages: readonly Passage[]): Promise<void> => commitFiles(store, holdings, planOf(passages));

  const blocked = monitorEventLoopDelay({ resolution });
  const idle = monitorEventLoopDelay({ resolution });
  idle.enable();
  await new Promise((wake) => setTimeout(wake, 3_000));
  idle.disable();
  let storing = 0;
  for (let first = 0; first < count; first += perCommit) {
    const passages = generatedPassages(1, first, Math.min(perCommit, count - first), perFile);
    // Making the texts is the bench's own work and is not looked at.
    await new Promise((resolve) => setTimeout(resolve, 20));
    blocked.enable();
    const from = performance.now();
    await commit(passages);
    storing += performance.now() - from;
    await new Promise((resolve) => setTimeout(resolve, 20));
    blocked.disable();
  }
  blocked.enable();
  const indexing = await timed(() => upkeep(store));
  blocked.disable();
  say(`stored in ${storing | 0} ms, indexed in ${indexing | 0} ms`);

  let adding = 0;
  const missing = holdings.missing();
  for (let at = 0; at < missing.length; at += perCommit) {
    const hashes = missing.slice(at, at + perCommit);
    const vectors = hashes.map(nextVector);
    adding += await timed(() => store.tables.addVectors(hashes, vectors));
    holdings.addVectors(hashes);
  }
  const vectorIndex = await timed(() => upkeep(store));
  say(`vectors added in ${adding | 0} ms, indexed in ${vectorIndex | 0} ms`);

  const sources = () => ({
    tables: store.tables,
    embedder,
    passagesOfHash: (hash: string) => holdings.passagesOfHash(hash),
  });
  const queries = generatedQueries(2, 100);
  const searched = async (mode: "words" | "hybrid"): Promise<Percentiles> => {
    const times: number[] = [];
    for (const query of queries) times.push(await timed(() => searchTables(sources(), query, 10, mode, signal)));
    return percentiles(times);
  };
  await searched("hybrid");
  const words = await searched("words");
  const hybrid = await searched("hybrid");
  const megabytes = process.memoryUsage().rss / 2 ** 20;

  store.database.close();
  const restarted = new Holdings();
  const restart = await timed(async () => {
    store = await open(embedder);
    await adoptStore(store, restarted, undefined);
    await checkStore(store, restarted);
    await searchTables(sources(), queries[0]!, 10, "words", signal);
  });
  say(`searches ${hybrid.p95 | 0} ms (p95), restart ${restart | 0} ms, ${megabytes | 0} MiB`);

  const edits = await edited(store, holdings, commit, sources);
  const hybridAfter = await searched("hybrid");
  const { live, onDisk = 0 } = await store.tables.bytes();
  store.database.close();
  rmSync(join(home, "tables"), { recursive: true });

  const peers: ScaleBench["peers"] = {};
  for (const [name, peer] of Object.entries({ fts5: ftsPeer, lancedb: lancePeer, minisearch: miniSearchPeer })) {
    if (name === "minisearch" && count > 100_000) continue;
    say(`peer ${name}`);
    peers[name] = await peer(join(home, name), generated(), queries);
  }
  return {
    passages: count,
    storedPerSecond: (count / storing) * 1000,
    wordsPerSecond: (count / (storing + indexing)) * 1000,
    vectorsPerSecond: (missing.length / adding) * 1000,
    vectorIndexSeconds: vectorIndex / 1000,
    loopBlocked: { indexing: blocked.max / 1e6 - resolution, idle: idle.max / 1e6 - resolution },
    words,
    hybrid,
    megabytes,
    restartSeconds: restart / 1000,
    edits: {
      count: editCount,
      searchableMilliseconds: percentiles(edits),
      hybridAfter,
      diskRatio: onDisk / live,
      diskMegabytes: onDisk / 2 ** 20,
    },
    peers,
  };
}

/** Saves one file after the other, each until a word that only it has is found; upkeep comes behind, as in an update. */
async function edited(
  store: IndexStore,
  holdings: Holdings,
  commit: (passages: readonly Passage[]) => Promise<void>,
  sources: () => Parameters<typeof searchTables>[0],
): Promise<number[]> {
  const times: number[] = [];
  const files = Math.floor(count / perFile);
  for (let edit = 0; edit < editCount; edit++) {
    const fresh = generatedPassages(1000 + edit, ((edit * 7) % files) * perFile, perFile, perFile);
    fresh[0] = { ...fresh[0]!, text: `${fresh[0]!.text} edit${edit}word` };
    const searchable = edit % 10 === 0;
    const from = performance.now();
    await commit(fresh);
    if (searchable) {
      const [hit] = await searchTables(sources(), `edit${edit}word`, 1, "words", signal);
      if (hit?.passage.id !== fresh[0].id) throw new Error(`Edit ${edit} is not found.`);
      times.push(performance.now() - from);
    }
    await store.tables.addVectors(
      fresh.map(embeddingHash),
      await (sources().embedder as Embedder).embed(
        fresh.map(({ text }) => text),
        "passage",
        signal,
      ),
    );
    holdings.addVectors(fresh.map(embeddingHash));
    await upkeep(store);
  }
  return times;
}

function planOf(passages: readonly Passage[]): Parameters<typeof commitFiles>[2] {
  const files = new Map<
    string,
    { hash: string; size: number; modified: number; passages: (readonly [string, string])[] }
  >();
  for (const passage of passages) {
    const path = passage.place!.path;
    const file = files.get(path) ?? { hash: "content", size: 1, modified: 1, passages: [] };
    file.passages.push([passage.id, embeddingHash(passage)]);
    files.set(path, file);
  }
  return { set: files, gone: [], passages: [...passages], replaced: [...files.keys()], skipped: [] };
}

async function open(embedder: Embedder): Promise<IndexStore> {
  const { database, state } = await connectStore(lance, { kind: "folder", path: join(home, "tables") }, {});
  return openIndexStore(lance, database, state, embedder, true);
}

async function upkeep(store: IndexStore): Promise<void> {
  await store.files.fold();
  await store.tables.maintain();
}

function* generated(): Generator<Passage[]> {
  for (let first = 0; first < count; first += perCommit)
    yield generatedPassages(1, first, Math.min(perCommit, count - first), perFile);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function percentiles(times: number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}

function say(line: string): void {
  console.error(`${count} passages: ${line}`);
}
