import type { ViewerBench } from "./viewer-scale.ts";

const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const times = (value: number): string => `${value.toFixed(1)} ×`;

type Row = [what: string, figure: string, bar: string, peer: string];

/** The viewer's figures as a section of the page of figures, beside the bars that they are held to. */
export function viewerSection({ file, page }: ViewerBench): string {
  const rows: Row[] = [
    ["first rows on the page", ms(page.firstPaint), "≤ 1 s", ""],
    ["another trajectory on the page, p50 / p95", `${ms(page.open.p50)} / ${ms(page.open.p95)}`, "≤ 300 ms", ""],
    ["one record from the server, p50 / p95", `${ms(file.record.p50)} / ${ms(file.record.p95)}`, "", ""],
    [
      "full-text search, p50 / slowest",
      `${ms(file.search.p50)} / ${ms(file.search.worst)} (\`${file.search.worstQuery}\`); at most ${ms(file.search.worstCpu)} of processor time`,
      "≤ 300 ms",
      `${times(file.searchAgainstSqlite)} SQLite alone`,
    ],
    ["filter and sort, p50 / slowest", `${ms(file.filter.p50)} / ${ms(file.filter.worst)}`, "≤ 300 ms", ""],
    [
      `token view of ${page.tokens} tokens, first drawing`,
      `${ms(page.tokenView)}, of which ${ms(page.tokenViewWork)} of processor time`,
      "≤ 500 ms",
      "",
    ],
    [
      "frames a second while tokens scroll",
      `${page.framesPerSecond.toFixed(0)}, each ${ms(page.frameWork)} of processor time`,
      "≥ 50",
      `${(page.framesPerSecond / page.emptyFramesPerSecond).toFixed(2)} × an empty page`,
    ],
    ["script memory of the page", `${page.pageMegabytes.toFixed(0)} MiB`, "≤ 300 MiB", ""],
    ...(page.processMegabytes === undefined
      ? []
      : [["memory of the page's process at most", `${page.processMegabytes.toFixed(0)} MiB`, "≤ 300 MiB", ""] as Row]),
    [
      "all rows listed",
      `${file.rowsSeconds.toFixed(1)} s, of which ${file.rowsCpuSeconds.toFixed(1)} s of processor time`,
      "",
      `${times(file.rowsAgainstParsing)} the processor time of reading and parsing the same lines`,
    ],
    [
      "index of words, in the background",
      `${file.indexSeconds.toFixed(0)} s, ${file.indexMegabytes.toFixed(0)} MiB`,
      "",
      `${times(file.indexAgainstSqlite)} SQLite's FTS5 alone, in memory`,
    ],
    ["server memory at most", `${file.serverMegabytes.toFixed(0)} MiB`, "bounded", ""],
  ];
  return `## The viewer

Over ${file.trajectories.toLocaleString("en")} trajectories of about 4,000 tokens (${(file.megabytes / 1024).toFixed(1)} GiB), made of real paragraphs:

| | figure | bar | against a peer in the same run |
| --- | --- | --- | --- |
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}`;
}
