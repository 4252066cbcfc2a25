import { existsSync, readFileSync } from "node:fs";
import type { ScaleBench } from "./index-scale.ts";
import type { WholeBench } from "./index-whole.ts";

/** Measured by `--million` alone, which takes long, and kept. */
export interface LongBench {
  measuredOn: string;
  machine: string;
  million: ScaleBench;
  /** A small index after ten thousand edits. */
  edited: ScaleBench;
}

export interface ScaleBenches {
  sizes: readonly ScaleBench[];
  whole: WholeBench;
  long?: LongBench;
}

const keptFile = new URL("kept/index-long.json", import.meta.url);

/** What the last long run measured; undefined where there was none. */
export function keptLongBench(): LongBench | undefined {
  return existsSync(keptFile) ? (JSON.parse(readFileSync(keptFile, "utf8")) as LongBench) : undefined;
}

export const keptLongFile = keptFile;

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const times = (value: number): string => (value < 0.1 ? value.toFixed(2) : value.toFixed(1));
const pair = ({ p50, p95 }: { p50: number; p95: number }): string => `${ms(p50)} / ${ms(p95)}`;
const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The index at sizes as a section of the page of figures: each figure beside its bar, and beside peers of the same run. */
export function scaleSection({ sizes, whole: folder, long }: ScaleBenches): string {
  const all = [...sizes, ...(long ? [long.million] : [])];
  const kept = long
    ? `The column of a million and the row of ten thousand edits are kept from a run on ${long.measuredOn} (${long.machine}); \`npm run bench -- --million\` measures them again.`
    : "A million passages and ten thousand edits are measured by `npm run bench -- --million`.";
  const row = (what: string, bar: string, figure: (bench: ScaleBench) => string): string[] => [
    what,
    bar,
    ...all.map(figure),
  ];
  const edited = long?.edited;
  return `## The index at size

Made-up passages of 80 words, as frequent as words are, and vectors of 384 numbers; the tables as the server writes and asks them. Rates are by the clock, and in
parentheses by a second of processor time, which other programs of the machine do not change. ${kept}

${table(
  ["", "bar", ...all.map(({ passages }) => `${whole(passages)} passages`)],
  [
    row("passages stored a second", "40,000", (b) => `${whole(b.storedPerSecond)} (${whole(b.storedPerCpuSecond)})`),
    row(
      "passages a second until words can be searched",
      "10,000",
      (b) => `${whole(b.wordsPerSecond)} (${whole(b.wordsPerCpuSecond)})`,
    ),
    row("vectors stored a second", "", (b) => `${whole(b.vectorsPerSecond)} (${whole(b.vectorsPerCpuSecond)})`),
    row("index of vectors, s", "", (b) => b.vectorIndexSeconds.toFixed(1)),
    row("search by words, p50 / p95, ms", "", (b) => pair(b.words)),
    row("hybrid search without the query's embedding, p50 / p95, ms", "p95 20 (40 at a million)", (b) =>
      pair(b.hybrid),
    ),
    row(
      "the same while files are saved, after hundreds of edits",
      "p95 30 after 500",
      (b) => `${pair(b.edits.hybridAfter)} (${whole(b.edits.count)} edits)`,
    ),
    row("a saved edit is found by a search, p50 / p95, ms", "1,000", (b) => pair(b.edits.searchable)),
    row("longest hold of the event loop while words are stored, ms of processor time", "50", (b) => ms(b.loopBlocked)),
    row("opened in a new process and searched, s", "2", (b) => b.restartSeconds.toFixed(2)),
    row("memory of that process after a hundred searches, MiB", "", (b) => whole(b.megabytes)),
  ],
)}

${
  edited
    ? `After ${whole(edited.edits.count)} edits of one file of 20 passages each, an index of ${whole(edited.passages)} passages takes ${edited.edits.diskRatio.toFixed(1)} × its live data on disk (${whole(edited.edits.diskMegabytes)} MiB; bar 3 ×),
and hybrid search ${pair(edited.edits.hybridAfter)} ms.`
    : ""
}

Against peers with their defaults on the same texts in the same run, by processor time (above 1: we take less):

${table(
  ["", ...all.map(({ passages }) => `${whole(passages)} passages`)],
  ["fts5", "lancedb", "minisearch"].flatMap((name) => [
    [
      `words indexed, ${peerNames[name]}`,
      ...all.map(({ wordsPerCpuSecond, peers }) => {
        const peer = peers[name];
        return peer ? `${times(wordsPerCpuSecond / peer.wordsPerCpuSecond)} ×` : "–";
      }),
    ],
    [
      `search by words, ${peerNames[name]}`,
      ...all.map(({ words, peers }) => {
        const peer = peers[name];
        return peer ? `${times(peer.search.cpu / words.cpu)} × (p95 ${ms(peer.search.p95)} ms)` : "–";
      }),
    ],
  ]),
)}

Ours has two full-text indexes with positions, an index of paths and filters, and both legs beside; SQLite and LanceDB one index of the text; MiniSearch is gone with its process.

${folderText(folder)}`;
}

const peerNames: Record<string, string> = {
  fts5: "SQLite's FTS5",
  lancedb: "plain LanceDB calls",
  minisearch: "MiniSearch in memory",
};

function folderText({
  files,
  passages,
  wordsPerSecond,
  wordsPerCpuSecond,
  loop,
  edit,
  embedded,
  restart,
}: WholeBench): string {
  return `### A folder of ${whole(files)} files and ${whole(passages)} passages

From files on disk to searches, as a server does it, with this machine's embedding model loaded (vectors of passages are made up):

${table(
  ["", "bar", "figure"],
  [
    [
      "passages a second from files to searchable words",
      "10,000",
      `${whole(wordsPerSecond)} (${whole(wordsPerCpuSecond)} by processor time, reading and cutting included)`,
    ],
    [
      "longest hold of the event loop until all is ready, ms",
      "50",
      `${ms(loop.cpu)} of processor time (${ms(loop.wall)} by the clock)`,
    ],
    ["a saved edit is found by a search, p50 / p95, ms", "1,000", pair(edit)],
    [
      "restart on an unchanged folder: first search / all told as ready, s",
      "2",
      `${restart.searchSeconds.toFixed(2)} / ${restart.readySeconds.toFixed(2)}`,
    ],
    ["texts embedded by it", "0", whole(restart.embedded)],
    ...embedded.map(({ what, texts, fresh }) => [
      `texts embedded after ${what}`,
      `${whole(fresh)} (what is new)`,
      whole(texts),
    ]),
    ["memory with the model, after a hundred searches, MiB", "600", whole(restart.megabytes)],
    ["hybrid search with the query's embedding, p50 / p95, ms", "", pair(restart.search)],
    ["the query's embedding alone, p50 / p95, ms", "p95 25", pair(restart.embedding)],
  ],
)}`;
}
