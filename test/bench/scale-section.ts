import { existsSync, readFileSync } from "node:fs";
import type { EditsBench } from "./index-edits.ts";
import type { ScaleBench } from "./index-scale.ts";
import type { WholeBench } from "./index-whole.ts";

/** Figures with when and where they were measured. */
export interface Kept<T> {
  measuredOn: string;
  machine: string;
  figures: T;
}

/** What takes long is measured by `index-long.ts` alone and kept. */
export interface LongBench {
  million?: Kept<ScaleBench>;
  /** Indexes after thousands of edits, the smallest first. */
  edited?: readonly Kept<EditsBench>[];
}

export interface ScaleBenches {
  sizes: readonly ScaleBench[];
  whole: WholeBench;
  long: LongBench;
}

const keptFile = new URL("kept/index-long.json", import.meta.url);

/** What the last long runs measured. */
export function keptLongBench(): LongBench {
  return existsSync(keptFile) ? (JSON.parse(readFileSync(keptFile, "utf8")) as LongBench) : {};
}

export const keptLongFile = keptFile;

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const times = (value: number): string => (value < 0.1 ? value.toFixed(2) : value.toFixed(1));
const pair = ({ p50, p95, cpu }: { p50: number; p95: number; cpu?: number }): string =>
  `${ms(p50)} / ${ms(p95)}${cpu === undefined ? "" : ` (${ms(cpu)})`}`;
const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The index at sizes as a section of the page of figures: each figure beside its bar, and beside peers of the same run. */
export function scaleSection({ sizes, whole: folder, long }: ScaleBenches): string {
  const { million, edited = [] } = long;
  const all = [...sizes, ...(million ? [million.figures] : [])];
  const kept = million
    ? `The column of a million is kept from a run on ${million.measuredOn} (${million.machine}); \`node test/bench/index-long.ts million\` measures it again.`
    : "A million passages are measured by `node test/bench/index-long.ts million`.";
  const row = (what: string, bar: string, figure: (bench: ScaleBench) => string): string[] => [
    what,
    bar,
    ...all.map(figure),
  ];
  return `## The index at size

Made-up passages of 80 words, as frequent as words are, and vectors of 384 numbers; the tables as the server writes and asks them. Rates and times are by the clock, and in
parentheses by a second of processor time, or what one takes of it on average, which other programs of the machine do not change. ${kept}

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
      (b) => `${pair(b.edits.hybridAfter)} after ${whole(b.edits.count)}`,
    ),
    row("files on disk after these edits, × the live rows as LanceDB counts them", "3", (b) =>
      b.edits.diskRatio.toFixed(1),
    ),
    row("a saved edit is found by a search, p50 / p95, ms", "1,000", (b) => pair(b.edits.searchable)),
    row("longest hold of the event loop while words are stored, ms of processor time", "50", (b) => ms(b.loopBlocked)),
    row("opened in a new process and searched, s", "2", (b) => b.restartSeconds.toFixed(2)),
    row("longest hold of its event loop until then, ms of processor time", "50", (b) =>
      b.restartBlocked === undefined ? "–" : ms(b.restartBlocked),
    ),
    row("memory of that process after a hundred searches, MiB", "", (b) => whole(b.megabytes)),
  ],
)}

${editedText(edited)}

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

Ours has two full-text indexes with positions, an index of paths and filters, and both legs beside; SQLite and LanceDB one index of the text; MiniSearch keeps all in the memory of its process, is gone with it, and is asked up to 100,000 passages.

${folderText(folder)}`;
}

/** What an index takes on disk while it is edited; says what counts as live data. */
function editedText(edited: readonly Kept<EditsBench>[]): string {
  if (edited.length === 0)
    return "What thousands of edits leave on disk is measured by `node test/bench/index-long.ts 10000:10000`.";
  const mib = (bytes: number): string => whole(bytes / 2 ** 20);
  const rows = edited.map(({ measuredOn, machine, figures }) => {
    const { passages, edits, filesPerCommit, liveBytes, bareBytes, peakBytes, endBytes, edit, hybrid, megabytes } =
      figures;
    const share = (bytes: number): string =>
      `${mib(bytes)} (${(bytes / liveBytes).toFixed(1)} × live, ${(bytes / bareBytes).toFixed(1)} × bare)`;
    return [
      `${whole(passages)} passages, ${whole(edits)} edits, ${filesPerCommit} at a time`,
      `${mib(liveBytes)}, ${mib(bareBytes)}`,
      share(peakBytes),
      share(endBytes),
      `${ms(edit.wall)} (${ms(edit.cpu)})`,
      pair(hybrid),
      megabytes ? `${whole(megabytes.before)}, ${whole(megabytes.after)}` : "–",
      `${measuredOn}, ${machine}`,
    ];
  });
  return `What edits leave on disk. An edit replaces a file of 20 passages and their vectors; upkeep comes behind each commit. *Live data* is what the same passages and vectors take in
an index that is written at one go, with its search indexes and no old version; *bare* are their texts and titles as UTF-8 with their vectors as numbers of 4 bytes. The bar is 3 × live, also at
the highest of some looks in every second. Vectors of texts that are gone are kept for a branch that comes back, up to half as many as there are passages, and count as no live data.

${table(["", "live, bare, MiB", "at most, MiB", "at the end, MiB", "an edit with its upkeep, ms", "hybrid search meanwhile, p50 / p95, ms", "memory before and after them, MiB", "measured"], rows)}`;
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
