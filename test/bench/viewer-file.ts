import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { RowFilter, RowPage, RowSort } from "../../protocol/trajectory-file.ts";
import type { TrajectoryFiles } from "../../server/editor/trajectory-files.ts";
import { quantile } from "./quantile.ts";

/** What the server's side of a file of trajectories takes. Milliseconds unless a name says otherwise. */
export interface ViewerFileBench {
  trajectories: number;
  megabytes: number;
  /** The first page of rows. */
  first: number;
  /** All rows, in seconds, and processor time against that of reading the same lines and parsing their JSON. */
  rowsSeconds: number;
  rowsCpuSeconds: number;
  rowsAgainstParsing: number;
  /** The index of words, in seconds, and against an FTS5 table of the same texts with SQLite's own settings. */
  indexSeconds: number;
  indexAgainstSqlite: number;
  indexMegabytes: number;
  /** A page of a search; all searches against SQLite alone, which gives lines and no rows. */
  search: { p50: number; worst: number; worstQuery: string; worstCpu: number };
  searchAgainstSqlite: number;
  filter: { p50: number; worst: number };
  /** One record, and against reading its bytes and parsing its JSON. */
  record: { p50: number; p95: number };
  /** The most that the process held. */
  serverMegabytes: number;
}

const queries = [
  "the",
  "american film",
  '"the first"',
  '"of the"',
  '"in the"',
  "university",
  "born in germany",
  "kubernetes pod",
  "telescope",
  "zzzz",
];
const line: RowSort = { key: "line", descending: false };
/** Texts that the peer indexes; its speed does not depend on how many there are. */
const peerTexts = 2000;

/** Measures a file from its first page to its searches; leaves it open in `files`. */
export async function benchViewerFile(path: string, home: string, files: TrajectoryFiles): Promise<ViewerFileBench> {
  const signal = new AbortController().signal;
  const ask = (filter: RowFilter, sort = line): Promise<RowPage> =>
    files.page(path, { filter, sort, offset: 0, limit: 100 }, signal);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100);
  const started = performance.now();
  const cpuBefore = cpuSeconds();
  await ask({});
  const first = performance.now() - started;
  let page = await ask({});
  while (!page.complete) page = await ask({});
  const rowsSeconds = (performance.now() - started) / 1000;
  const rowsCpuSeconds = cpuSeconds() - cpuBefore;
  // A word that no text has: its search is complete when the index is.
  for (page = await ask({ text: "qqzzx" }); !page.complete; page = await ask({ text: "qqzzx" })) await pause(500);
  const indexSeconds = (performance.now() - started) / 1000;
  const found = new Map<string, number>();
  const search: number[] = [];
  let worstCpu = 0;
  for (const text of queries) {
    const before = cpuSeconds();
    const took = await time(() => ask({ text }));
    worstCpu = Math.max(worstCpu, 1000 * (cpuSeconds() - before));
    found.set(text, took);
    search.push(took);
  }
  const filters: [RowFilter, RowSort][] = [
    [{ step: 1 }, line],
    [{ least: 0.5 }, { key: "reward", descending: true }],
    [
      { searches: 4, component: "answer F1", least: 0.2 },
      { key: "length", descending: true },
    ],
    [{}, { key: "question", descending: false }],
  ];
  const filter: number[] = [];
  for (const [of, sort] of filters) filter.push(await time(() => ask(of, sort)));
  const record: number[] = [];
  for (let at = 0; at < 40; at++) {
    const key = Math.floor((page.total * at) / 40);
    record.push(await time(() => files.record(path, key, new Set(), async () => null)));
  }
  clearInterval(watch);
  const serverMegabytes = most / 2 ** 20;
  const peer = await peerFigures(path, page.total);
  const ordered = (values: number[]): number[] => values.toSorted((a, b) => a - b);
  const worst = Math.max(...search);
  return {
    trajectories: page.total,
    megabytes: statSync(path).size / 2 ** 20,
    first,
    rowsSeconds,
    rowsCpuSeconds,
    rowsAgainstParsing: rowsCpuSeconds / peer.parseCpuSeconds,
    indexSeconds,
    indexAgainstSqlite: indexSeconds / peer.indexSeconds,
    indexMegabytes: sizeOf(home) / 2 ** 20,
    search: {
      p50: quantile(ordered(search), 0.5),
      worst,
      worstCpu,
      worstQuery: [...found].find(([, took]) => took === worst)![0],
    },
    searchAgainstSqlite: sum(search) / bareSearch(home),
    filter: { p50: quantile(ordered(filter), 0.5), worst: Math.max(...filter) },
    record: { p50: quantile(ordered(record), 0.5), p95: quantile(ordered(record), 0.95) },
    serverMegabytes,
  };
}

/** Bytes of a database with what is not folded into it yet. */
function sizeOf(home: string): number {
  return [home, `${home}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Processor time in which the same lines are read and parsed, in seconds, and in which SQLite alone indexes their texts. */
async function peerFigures(path: string, total: number): Promise<{ parseCpuSeconds: number; indexSeconds: number }> {
  const texts: string[] = [];
  const started = cpuSeconds();
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const { text: transcript } = JSON.parse(text) as { text: string };
    if (texts.length < peerTexts) texts.push(transcript);
  }
  const parseCpuSeconds = cpuSeconds() - started;
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE VIRTUAL TABLE words USING fts5(text, content='')");
  const insert = database.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)");
  const from = performance.now();
  database.exec("BEGIN");
  for (const [index, text] of texts.entries()) insert.run(index + 1, text);
  database.exec("COMMIT");
  const indexSeconds = ((performance.now() - from) / 1000) * (total / texts.length);
  database.close();
  return { parseCpuSeconds, indexSeconds };
}

/** Milliseconds in which SQLite itself gives the same lines of the same table, all searches together. */
function bareSearch(home: string): number {
  const database = new DatabaseSync(home, { readOnly: true });
  const lines = database.prepare("SELECT rowid FROM words WHERE words MATCH ?");
  const took = queries.map((query) => {
    const match = query.startsWith('"') ? query : query.split(" ").join(" AND ");
    const from = performance.now();
    lines.all(match);
    return performance.now() - from;
  });
  database.close();
  return sum(took);
}

/** Processor time of this process with all its threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Where the bench keeps the index of a file. */
export const indexHome = (folder: string): string => join(folder, "index.sqlite");
