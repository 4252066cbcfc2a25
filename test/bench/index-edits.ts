// What an index takes on disk while its files are edited many times; prints one JSON line: node test/bench/index-edits.ts PASSAGES EDITS [FILES A COMMIT]
import { type Dirent, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Passage } from "../../protocol/passage.ts";
import { commitFiles } from "../../server/index/commit-files.ts";
import { embeddingHash } from "../../server/index/embedding-text.ts";
import { Holdings } from "../../server/index/holdings.ts";
import type { IndexStore } from "../../server/index/index-store.ts";
import { maintainStore } from "../../server/index/maintain-store.ts";
import { searchTables } from "../../server/index/search-tables.ts";
import { generatedEmbedder } from "./generated-embedder.ts";
import { generatedQueries } from "./generated-passages.ts";
import { Meter } from "./meter.ts";
import { generatedBatches, openScaleStore, perFile, planOf, savedFile, storeAll, storeVectors } from "./scale-store.ts";

export interface EditsBench {
  passages: number;
  edits: number;
  filesPerCommit: number;
  /** Bytes of an index of the same passages and vectors that was written at one go, with its search indexes and without old versions: the live data. */
  liveBytes: number;
  /** Bytes of the passages' texts and titles as UTF-8, and of their vectors, without any index. */
  bareBytes: number;
  /** Most bytes of the index's folder at any look, of which there are some in every second, also while rows are folded; and at the end. */
  peakBytes: number;
  endBytes: number;
  /** Bytes after each fiftieth of the edits. */
  course: number[];
  /** Milliseconds of an edit with all that comes behind it, upkeep and vectors: by the clock and of processor time. */
  edit: { wall: number; cpu: number };
  hybrid: { p50: number; p95: number; cpu: number };
  /** Resident memory of the process when the edits begin, and after them. */
  megabytes?: { before: number; after: number };
}

const count = Number(process.argv[2] ?? 10_000);
const edits = Number(process.argv[3] ?? 10_000);
const filesPerCommit = Number(process.argv[4] ?? 4);
const lookMilliseconds = 200;
const searchedEvery = 25;
const courseParts = 50;
const signal = new AbortController().signal;
const home = mkdtempSync(join(tmpdir(), "searchlight-edits-"));
try {
  console.log(JSON.stringify(await bench()));
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function bench(): Promise<EditsBench> {
  const embedder = generatedEmbedder(1);
  const path = join(home, "edited");
  const store = await openScaleStore(path, embedder);
  const holdings = new Holdings();
  await storeAll(store, holdings, embedder, generatedBatches(count));
  await maintainStore(store, holdings);
  let peakBytes = 0;
  const look = (): number => {
    const bytes = folderBytes(path);
    peakBytes = Math.max(peakBytes, bytes);
    return bytes;
  };
  const before = resident();
  const looking = setInterval(look, lookMilliseconds);
  const course = [look()];
  const meter = new Meter();
  const searching = new Meter();
  const files = Math.floor(count / perFile);
  const queries = generatedQueries(2, 100);
  const sources = { tables: store.tables, embedder, passagesOfHash: (hash: string) => holdings.passagesOfHash(hash) };
  let commits = 0;
  for (let edit = 0; edit < edits; edit += filesPerCommit) {
    const saved = Array.from({ length: Math.min(filesPerCommit, edits - edit) }, (_, at) =>
      savedFile(edit + at, files),
    ).flat();
    await meter.run(async () => {
      await commitFiles(store, holdings, planOf(saved));
      await storeVectors(store, holdings, embedder, saved.map(embeddingHash));
      await maintainStore(store, holdings);
    });
    if (commits++ % searchedEvery === 0) {
      const query = queries[commits % queries.length]!;
      await searching.run(() => searchTables(sources, query, 10, "hybrid", signal));
    }
    if (Math.floor(((edit + filesPerCommit) * courseParts) / edits) < course.length) continue;
    course.push(look());
    say(
      `${edit + filesPerCommit} edits in ${(meter.wall / 1000) | 0} s (${(meter.cpu / 1000) | 0} s), ${(look() / 2 ** 20) | 0} MiB, at most ${(peakBytes / 2 ** 20) | 0}; ${sizes(path)}`,
    );
  }
  clearInterval(looking);
  const endBytes = look();
  const after = resident();
  const live = await store.tables.everyPassage();
  store.database.close();
  const liveBytes = await freshBytes(live, embedder);
  const text = live.reduce((sum, { text, title }) => sum + Buffer.byteLength(text) + Buffer.byteLength(title), 0);
  return {
    passages: count,
    edits,
    filesPerCommit,
    liveBytes,
    bareBytes: text + live.length * embedder.dimension * 4,
    peakBytes,
    endBytes,
    course,
    edit: { wall: meter.wall / edits, cpu: meter.cpu / edits },
    hybrid: searching.figures(),
    megabytes: { before, after },
  };
}

function resident(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

/** Of the same passages in an index that is written at one go and pruned. */
async function freshBytes(passages: Passage[], embedder: ReturnType<typeof generatedEmbedder>): Promise<number> {
  const path = join(home, "fresh");
  const store: IndexStore = await openScaleStore(path, embedder);
  const holdings = new Holdings();
  await storeAll(store, holdings, embedder, [passages]);
  await maintainStore(store, holdings);
  await store.tables.prune();
  store.database.close();
  return folderBytes(path);
}

/** Of all files below a folder; files and folders may go while it is looked at. */
function folderBytes(path: string): number {
  let bytes = 0;
  for (const entry of entriesOf(path)) {
    const inside = join(path, entry.name);
    bytes += entry.isDirectory() ? folderBytes(inside) : (statSync(inside, { throwIfNoEntry: false })?.size ?? 0);
  }
  return bytes;
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function sizes(path: string): string {
  return readdirSync(path)
    .map((name) => `${name} ${(folderBytes(join(path, name)) / 2 ** 20) | 0}`)
    .join(", ");
}

function say(line: string): void {
  console.error(`${count} passages: ${line}`);
}
