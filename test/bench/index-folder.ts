// Indexes one folder in a process of its own and prints what it took as one JSON line: node test/bench/index-folder.ts DIR
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import MiniSearch from "minisearch";
import type { Passage } from "../../protocol/passage.ts";
import { passagesOf } from "../../server/documents/passages.ts";
import { readDocument } from "../../server/documents/read-document.ts";
import { hashBytes } from "../../server/documents/hash-bytes.ts";
import { scanFolder } from "../../server/documents/scan.ts";
import { openFolder } from "../../server/home.ts";
import { embeddingText } from "../../server/index/embedding-text.ts";
import { openFolderIndex } from "../../server/index/folder-index.ts";
import { batchesOf, loadMiniLm, miniLm } from "../../server/models/minilm-model.ts";
import { findModel } from "../../server/models/model-files.ts";
import { openEmbedder } from "../../server/models/open-embedder.ts";
import { quantile } from "./quantile.ts";

export interface IndexBench {
  folder: string;
  files: number;
  passages: number;
  /** Seconds until words can be searched, and until every passage has its vector; the latter absent where it was not run. */
  wordsSeconds: number;
  vectorsSeconds?: number;
  /** Share of the bare runtime's speed that indexing keeps: processor time of a text in the one by that in the other. */
  embedderShare?: number;
  vectorsPerSecond?: number;
  /** Words phase against MiniSearch reading, cutting and indexing the same files in memory. */
  wordsAgainstMiniSearch: number;
  /** Milliseconds a search, and the words leg's median against MiniSearch's. */
  search: Record<"words" | "hybrid", { p50: number; p95: number }>;
  wordsSearchAgainstMiniSearch: number;
  /** An update without a change against a bare walk over the same files. */
  unchangedSeconds: number;
  peakMegabytes: number;
}

const [, , dir, vectors = "vectors"] = process.argv;
const signal = new AbortController().signal;
const home = mkdtempSync(join(tmpdir(), "searchlight-bench-"));
try {
  console.log(JSON.stringify(await bench(dir!, vectors === "vectors")));
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function bench(path: string, withVectors: boolean): Promise<IndexBench> {
  const opening = await openEmbedder("minilm");
  if (!opening.ok) throw new Error(opening.reason);
  const { embedder } = opening;
  const folder = openFolder(path, home);
  const index = await openFolderIndex(folder, { embedder });
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let wordsSeconds: number | undefined;
  let afterWords: NodeJS.CpuUsage | undefined;
  const stop = new AbortController();
  index.onStatus(({ state }) => {
    if (state !== "words-ready" || wordsSeconds !== undefined) return;
    wordsSeconds = seconds();
    afterWords = process.cpuUsage();
    if (!withVectors) stop.abort();
  });
  await index.update(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const total = seconds();
  const embeddingCpu = cpuMilliseconds(afterWords);
  const { files, passages: count } = index.status();

  const { passages, seconds: miniSeconds, search: mini } = await miniSearch(path);
  const queries = passages.filter((_, at) => at % Math.ceil(passages.length / 60) === 0).map(queryOf);
  const timed = async (run: (query: string) => unknown): Promise<number[]> => {
    const times: number[] = [];
    for (const query of queries) {
      const from = performance.now();
      await run(query);
      times.push(performance.now() - from);
    }
    return times.sort((a, b) => a - b);
  };
  const summary = (times: number[]) => ({ p50: quantile(times, 0.5), p95: quantile(times, 0.95) });
  await timed((query) => index.search(query, 10, "hybrid", signal));
  const words = summary(await timed((query) => index.search(query, 10, "words", signal)));
  const hybrid = summary(await timed((query) => index.search(query, 10, "hybrid", signal)));
  const miniTimes = summary(await timed((query) => mini.search(query).slice(0, 10)));

  const again = performance.now();
  if (withVectors) await index.update(signal);
  const unchangedSeconds = (performance.now() - again) / 1000;

  // The bare runtime below is a second model.
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  const made = index.status().vectors.done;
  let vectorFigures = {};
  if (withVectors) {
    vectorFigures = {
      vectorsSeconds: total,
      vectorsPerSecond: made / (total - wordsSeconds!),
      embedderShare: (await bareCpu(passages.map(embeddingText))) / (embeddingCpu / made),
    };
  }
  await index.close();
  await embedder.close();
  return {
    folder: path,
    files,
    passages: count,
    wordsSeconds: wordsSeconds ?? total,
    ...vectorFigures,
    wordsAgainstMiniSearch: (wordsSeconds ?? total) / miniSeconds,
    search: { words, hybrid },
    wordsSearchAgainstMiniSearch: words.p50 / miniTimes.p50,
    unchangedSeconds,
    peakMegabytes,
  };
}

/** Milliseconds of processor time that the model's runtime takes for a text, over up to 16 groups of 32 that lie evenly among all. */
async function bareCpu(texts: readonly string[]): Promise<number> {
  const model = await loadMiniLm(findModel(miniLm.name, ["model.onnx", "tokenizer.json"])!);
  const groups = Array.from({ length: Math.ceil(texts.length / 32) }, (_, at) => texts.slice(32 * at, 32 * at + 32));
  const apart = Math.max(1, groups.length / 16);
  const chosen = groups.filter((_, at) => Math.floor(at / apart) !== Math.floor((at - 1) / apart));
  const from = process.cpuUsage();
  for (const group of chosen) {
    const encoded = group.map((text) => model.encode(text));
    for (const batch of batchesOf(encoded)) await model.run(batch.map((index) => encoded[index]!));
  }
  const cpu = cpuMilliseconds(from);
  await model.release();
  return cpu / chosen.reduce((sum, { length }) => sum + length, 0);
}

function cpuMilliseconds(from: NodeJS.CpuUsage | undefined): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

/** The peer: the same files read and cut the same way, indexed in memory by MiniSearch with its defaults. */
async function miniSearch(path: string): Promise<{ passages: Passage[]; seconds: number; search: MiniSearch }> {
  const from = performance.now();
  const passages: Passage[] = [];
  for (const file of (await scanFolder(path, [], signal)).files) {
    const bytes = await readFile(join(path, file.path));
    const read = await readDocument(file.path, bytes);
    if (read.ok)
      passages.push(...passagesOf(read.document, { folder: "bench", path: file.path, contentHash: hashBytes(bytes) }));
  }
  const search = new MiniSearch({ fields: ["title", "text"] });
  search.addAll(passages.map(({ id, title, text }) => ({ id, title, text })));
  return { passages, seconds: (performance.now() - from) / 1000, search };
}

/** A query as people write them: some words of a passage in their order. */
function queryOf({ text }: Passage): string {
  const words = text.match(/\p{L}{4,}/gu) ?? ["the"];
  return words
    .filter((_, at) => at % 3 === 0)
    .slice(0, 6)
    .join(" ");
}
