// npm run bench [-- --quick | --unembedded | --million | --page | --scale]: measures and writes docs/benchmarks.md. `--quick` leaves out what takes minutes,
// `--unembedded` only the vectors of the Kubernetes pages, which take ten; `--million` first measures what takes half an hour (a million passages,
// ten thousand edits; index-long.ts does it alone) and keeps its figures for the pages of later runs. `--page` measures nothing: it writes the page
// of the last run's figures again, with what is kept by then; `--scale` does so after it has measured the index at size again.
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { longLivedEnvironment } from "../../protocol/process-environment.ts";
import { benchAttach } from "./attach-run.ts";
import { benchmarksPage, type Benchmarks } from "./benchmarks-page.ts";
import { extractiveRecall } from "./extractive-recall.ts";
import type { IndexBench } from "./index-folder.ts";
import type { ScaleBench } from "./index-scale.ts";
import type { WholeBench } from "./index-whole.ts";
import { benchLoop } from "./loop-overhead.ts";
import type { TrainingLoopBench } from "./training-loop.ts";
import { benchScoring } from "./scoring.ts";
import type { ViewerBench } from "./viewer-scale.ts";
import { type ScaleBenches, keptLongBench } from "./scale-section.ts";
import { sampleAnswers } from "./sample-answers.ts";

const root = join(import.meta.dirname, "..", "..");
const quick = process.argv.includes("--quick");
const unembedded = quick || process.argv.includes("--unembedded");
const million = process.argv.includes("--million");
const machine = `${process.platform}-${process.arch}, ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}`;
const activations = 3;
const shared = join(root, "..", "shared", "data");
const say = (text: string): void => console.error(text);

function indexFolder(name: string, path: string, vectors: boolean): Benchmarks["index"] {
  if (!existsSync(path)) return [];
  say(`Indexing ${name}`);
  const line = execFileSync(
    process.execPath,
    [join(import.meta.dirname, "index-folder.ts"), path, vectors ? "vectors" : "words"],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  return [{ ...(JSON.parse(line) as IndexBench), folder: name }];
}

/** Milliseconds of the extension's own code when a real VS Code activates it, as the suite in the extension host reports them. */
function activation(): number[] {
  const scratch = mkdtempSync(join(tmpdir(), "searchlight-bench-"));
  const report = join(scratch, "host.json");
  const measured: number[] = [];
  for (let window = 1; window <= activations; window++) {
    say(`Activating in VS Code (${window} of ${activations})`);
    spawnSync(process.execPath, [join(root, "test", "editor", "host", "run.mjs")], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, SEARCHLIGHT_HOST_REPORT: report },
    });
    if (!existsSync(report)) continue;
    const { activationMilliseconds } = JSON.parse(readFileSync(report, "utf8")) as { activationMilliseconds?: number };
    if (activationMilliseconds !== undefined) measured.push(activationMilliseconds);
    rmSync(report);
  }
  rmSync(scratch, { recursive: true, force: true });
  return measured;
}

/** What a bench prints as JSON from a process of its own. */
function measured<T>(script: string, ...args: (string | number)[]): T {
  const line = execFileSync(process.execPath, [join(import.meta.dirname, script), ...args.map(String)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 24,
    env: { ...process.env, ...longLivedEnvironment(process.env) },
  });
  return JSON.parse(line) as T;
}

function scale(): ScaleBenches {
  const sizes = quick ? [10_000] : [10_000, 100_000];
  const benches = {
    sizes: sizes.map((passages) => measured<ScaleBench>("index-scale.ts", passages)),
    whole: measured<WholeBench>("index-whole.ts", sizes.at(-1)!),
  };
  if (million)
    execFileSync(process.execPath, [join(import.meta.dirname, "index-long.ts"), "million", "10000:10000"], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  return { ...benches, long: keptLongBench() };
}

function packages(): Benchmarks["packages"] {
  const out = join(root, "out");
  const files = existsSync(out) ? readdirSync(out).filter((name) => name.endsWith(".vsix")) : [];
  return files.map((name) => ({ name, megabytes: statSync(join(out, name)).size / 2 ** 20 }));
}

function writePage(figures: Benchmarks): void {
  writeFileSync(join(root, "docs", "benchmarks.md"), benchmarksPage(figures));
  say("docs/benchmarks.md is written.");
}

const figuresFile = join(root, "out", "bench.json");
const scaleAlone = process.argv.includes("--scale");
if (scaleAlone || process.argv.includes("--page")) {
  if (!existsSync(figuresFile)) throw new Error("There are no figures yet; run npm run bench first.");
  const { scale: last, ...others } = JSON.parse(readFileSync(figuresFile, "utf8")) as Benchmarks;
  const again = { ...others, scale: scaleAlone ? scale() : { ...last, long: keptLongBench() } };
  writeFileSync(figuresFile, JSON.stringify(again));
  writePage(again);
  process.exit();
}

say("Loop");
const loop = await benchLoop();
const index = [
  ...indexFolder("samples/observatory", join(root, "samples", "observatory"), true),
  ...indexFolder("kubernetes", join(shared, "docs", "kubernetes"), !unembedded),
];
const scaleBenches = scale();
const trajectories = quick ? 5000 : 100_000;
say(`Viewer over ${trajectories} trajectories`);
const viewer = JSON.parse(
  execFileSync(process.execPath, [join(import.meta.dirname, "viewer-scale.ts"), String(trajectories)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }),
) as ViewerBench;
say("Training loop");
const trainingLoop = JSON.parse(
  execFileSync(process.execPath, ["--expose-gc", join(import.meta.dirname, "training-loop.ts")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }),
) as TrainingLoopBench;
say("Extractive policy on the sample");
const sample = await sampleAnswers();
say("Extractive policy on published question sets");
const recall = existsSync(shared) ? await extractiveRecall(shared) : [];
say("Scoring");
const scoring = await benchScoring(join(shared, "trajectories-r1-searcher", "trajectories.jsonl"));
say("Attaching to a run");
const attach = await benchAttach();
const figures: Benchmarks = {
  machine,
  loop,
  ...(scoring ? { scoring } : {}),
  attach,
  trainingLoop,
  viewer,
  index,
  scale: scaleBenches,
  sample,
  recall,
  activation: activation(),
  packages: packages(),
};
mkdirSync(join(root, "out"), { recursive: true });
writeFileSync(figuresFile, JSON.stringify(figures));
writePage(figures);
