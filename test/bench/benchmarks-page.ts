import type { AttachBench } from "./attach-run.ts";
import type { Recall } from "./extractive-recall.ts";
import type { IndexBench } from "./index-folder.ts";
import type { LoopBench } from "./loop-overhead.ts";
import type { ScoringBench } from "./scoring.ts";
import type { ViewerBench } from "./viewer-scale.ts";
import { viewerSection } from "./viewer-section.ts";
import { type ScaleBenches, scaleSection } from "./scale-section.ts";
import type { SampleAnswers } from "./sample-answers.ts";
import type { TrainingLoopBench } from "./training-loop.ts";

export interface Benchmarks {
  machine: string;
  loop: LoopBench;
  scoring?: ScoringBench;
  attach: AttachBench;
  trainingLoop: TrainingLoopBench;
  viewer: ViewerBench;
  index: IndexBench[];
  scale: ScaleBenches;
  sample: SampleAnswers;
  recall: Recall[];
  /** Milliseconds, one for each window. */
  activation: number[];
  packages: { name: string; megabytes: number }[];
}

const number = (value: number | undefined, digits = 1): string => (value === undefined ? "–" : value.toFixed(digits));
const percent = (value: number | undefined): string => (value === undefined ? "–" : `${Math.round(100 * value)} %`);
const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The page of figures as Markdown. Ratios against a peer in the same run tell more than times, which are noisy. */
export function benchmarksPage({
  machine,
  loop,
  scoring,
  attach,
  trainingLoop,
  viewer,
  index,
  scale,
  sample,
  recall,
  activation,
  packages,
}: Benchmarks): string {
  const right = Object.values(sample.right).reduce((sum, { right: count }) => sum + count, 0);
  return `# Benchmarks

Written by \`npm run bench\`. Machine: ${machine}. Times depend on it; ratios compare with a peer or the bare runtime in the same run.

## Indexing

${table(
  [
    "folder",
    "files",
    "passages",
    "words searchable, s",
    "vectors complete, s",
    "passages/s",
    "share of the bare runtime's speed (bar: 85 %)",
    "update without change, s",
    "peak memory, MiB",
  ],
  index.map((row) => [
    row.folder,
    `${row.files}`,
    `${row.passages}`,
    number(row.wordsSeconds, 2),
    number(row.vectorsSeconds),
    number(row.vectorsPerSecond),
    percent(row.embedderShare),
    number(row.unchangedSeconds, 2),
    number(row.peakMegabytes, 0),
  ]),
)}

"Words searchable" is ${index.map((row) => `${number(row.wordsAgainstMiniSearch)} × (${row.folder})`).join(", ")} the time in which MiniSearch reads, cuts and indexes the same files in
memory; ours are on disk, survive a crash and are shared by editor and terminal. Peak memory includes MiniSearch's index. The share is by processor time: what the
model's runtime alone takes for such texts, of what indexing takes for a text.

## Search

${table(
  ["folder", "words p50, ms", "words p95, ms", "hybrid p50, ms", "hybrid p95, ms", "words p50 ÷ MiniSearch p50"],
  index.map(({ folder, search, wordsSearchAgainstMiniSearch }) => [
    folder,
    number(search.words.p50),
    number(search.words.p95),
    number(search.hybrid.p50),
    number(search.hybrid.p95),
    number(wordsSearchAgainstMiniSearch),
  ]),
)}

${scaleSection(scale)}

## The loop

With a policy and a retriever that cost nothing, ${loop.turns} turns a rollout and 60 chunks a turn: ${number(loop.perTurn, 2)} ms of our own time a turn, ${number(loop.perTurnInFlight, 2)} ms
with ${loop.rollouts} rollouts in flight at once (${number(loop.megabytesInFlight, 0)} MiB more). A bare loop that joins the same chunks takes 1 ÷ ${number(loop.againstBareLoop)} of that.

## Scoring

${
  scoring
    ? `${scoring.rows} released rollouts: ${number(1000 * scoring.fileSeconds, 0)} ms from the file to rewards at the first go; metrics and rewards with their spans alone ${number(1000 * scoring.seconds, 0)} ms of processor time. ${
        scoring.pythonTimes === undefined
          ? "There is no Python on this machine to compare with."
          : `An equal Python program, which keeps no spans, takes ${number(scoring.pythonTimes)} times as long; both give the same sum of rewards.`
      }`
    : "The released rollouts are not on this machine."
}

## Training runs

A run of ${attach.events} events (${number(attach.megabytes, 0)} MiB): whoever attaches has the first event after ${number(attach.first)} ms, one near the end after ${number(attach.late)} ms. The first
summary of the run, which reads all of them once, takes ${number(attach.summary, 0)} ms; a resumed run has its last checkpoint after ${number(attach.resume, 0)} ms, before its engine starts.

${trainingLoopText(trainingLoop)}

${viewerSection(viewer)}

## The extractive policy

On the ${sample.answerable + sample.unanswerable} questions of the sample handbook, words and vectors: the answer holds the gold for ${right} of ${sample.answerable} answerable questions
(${Object.entries(sample.right)
    .map(([hops, { right: count, of }]) => `${hops} ${hops === "1" ? "hop" : "hops"}: ${count} of ${of}`)
    .join(
      ", ",
    )}), ${sample.answered} were answered at all, and it abstained on ${sample.abstained} of ${sample.unanswerable}
unanswerable ones. ${sample.verified} of its ${sample.citations} citations are verified on disk.

${
  recall.length === 0
    ? "The published question sets are not on this machine."
    : `Share of questions with all supporting passages among the first ten, words only:

${table(
  ["questions", "passages", "one query", "the policy's searches", "searches a question"],
  recall.map((row) => [
    `${row.set} (${row.questions})`,
    `${row.passages}`,
    percent(row.oneQuery),
    percent(row.policy),
    number(row.searchesPerQuestion),
  ]),
)}`
}

## The extension

${activation.length === 0 ? "Activation was not measured." : `Activation takes ${activation.map((ms) => `${number(ms)} ms`).join(", ")} of the extension's own code in ${activation.length === 1 ? "a window" : `${activation.length} windows`} of a real VS Code.`}
${packages.map(({ name, megabytes }) => `\`${name}\`: ${number(megabytes)} MiB.`).join("\n") || "No package was built."}
`;
}

function trainingLoopText(bench: TrainingLoopBench): string {
  const { rollouts, turns, tokens, seconds, bareSeconds, peakMegabytes, grownMegabytes, datumBytes } = bench;
  return `An iteration of ${rollouts} rollouts of ${turns} turns (${number(tokens, 0)} tokens each) with an engine and a retriever that cost nothing takes ${number(seconds)} s of
processor time: rollouts, rewards, advantages, KL, encoding for the wire, everything on disk. That is ${percent(seconds / 60)} of an iteration that takes a minute, and
${number(seconds / bareSeconds, 0)} times what writing the same trajectories as JSON takes alone. Memory: ${number(peakMegabytes, 0)} MiB at most, ${number(grownMegabytes, 0)} MiB more held after ${bench.iterations} iterations than after half of them. A sequence of
${number(tokens, 0)} tokens takes ${number(datumBytes.proto / 1024, 0)} KiB on the wire as protobuf, ${number(datumBytes.json / 1024, 0)} KiB as JSON.`;
}
