import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ulid } from "ulid";
import { Recipe } from "../../protocol/recipe.ts";
import type { RunCheckpoint } from "../../protocol/run.ts";
import { LocalRunHost } from "../../server/runs/local-host.ts";
import { hashOf, writeManifest } from "../../server/runs/run-manifest.ts";
import { runPaths } from "../../server/runs/run-paths.ts";
import { runProcess } from "../../server/runs/run-process.ts";
import type { TrainingParts, TrainingPosition } from "../../server/training/loop/host.ts";
import { sampleRecipe } from "../fixtures/training-recipe.ts";
import { quantile } from "./quantile.ts";

export interface AttachBench {
  events: number;
  megabytes: number;
  /** Milliseconds from a fresh host to the first event, from the beginning of the run and from near its end. */
  first: number;
  late: number;
  /** Milliseconds of the first summary, which reads every event once. */
  summary: number;
  /** Milliseconds from the start of a resumed run's work to its loop with the last checkpoint in hand; the engine's own start not counted. */
  resume: number;
}

const events = 100_000;
const repeats = 5;

/** How soon whoever attaches to a run of many events sees the first: every repeat is a fresh host, as a fresh window has it. */
export async function benchAttach(): Promise<AttachBench> {
  const home = mkdtempSync(join(tmpdir(), "searchlight-bench-runs-"));
  try {
    const id = ulid();
    const megabytes = writeRun(home, id);
    const spec = { home, command: { file: process.execPath, args: [] }, check: async () => ({ problems: [] }) };
    const attach = async (from: number): Promise<number> => {
      const started = performance.now();
      for await (const event of new LocalRunHost(spec).events(id, from, AbortSignal.timeout(60_000))) {
        if (event.seq !== from) throw new Error(`Asked for ${from}, got ${event.seq}.`);
        break;
      }
      return performance.now() - started;
    };
    const summarise = async (): Promise<number> => {
      const started = performance.now();
      await new LocalRunHost(spec).list(AbortSignal.timeout(60_000));
      return performance.now() - started;
    };
    const resume = async (): Promise<number> => {
      let found = 0;
      const started = performance.now();
      await runProcess(join(home, id), {
        open: async () => ({ parts: {} as TrainingParts, engineEnded: new Promise(() => {}), close: async () => [] }),
        train: async (_parts, _host, from) => {
          found = performance.now();
          if (from?.checkpoint.name !== "last") throw new Error("The last checkpoint was not found.");
          return { outcome: "stopped", reason: "Measured." };
        },
      });
      return found - started;
    };
    const repeated = async (measure: () => Promise<number>): Promise<number> => {
      const measured: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) measured.push(await measure());
      return quantile(
        measured.toSorted((a, b) => a - b),
        0.5,
      );
    };
    return {
      events,
      megabytes,
      first: await repeated(() => attach(0)),
      late: await repeated(() => attach(events - 10)),
      summary: await repeated(summarise),
      // Last and once: a process keeps a run's lock to its end.
      resume: await resume(),
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A run that ended, with what an iteration of eight groups tells, again and again. Answers its size in MiB. */
function writeRun(home: string, id: string): number {
  const paths = runPaths(join(home, id));
  mkdirSync(paths.folder);
  const recipe = Recipe.parse(sampleRecipe());
  const at = new Date().toISOString();
  writeManifest(paths, {
    version: 1,
    id,
    name: recipe.name,
    createdAt: at,
    recipe,
    recipeHash: hashOf(recipe),
    source: join(home, "small.recipe.jsonc"),
    dryRun: false,
    key: "bench-key",
    provenance: { searchlight: "0", platform: process.platform, node: process.versions.node },
  });
  const group = (iteration: number): object => ({
    iteration,
    stage: "answers",
    questionId: "q",
    question: "When does the north dome open, and who has the key?",
    trajectories: Array.from({ length: 16 }, () => ulid()),
    rewards: Array.from({ length: 16 }, (_, index) => index / 16),
    advantages: Array.from({ length: 16 }, (_, index) => index - 8.123456),
    searches: Array.from({ length: 16 }, () => 2),
    stops: Array.from({ length: 16 }, () => "finished"),
    zeroVariance: false,
    trained: true,
  });
  const checkpoint = (iteration: number): RunCheckpoint => ({
    name: "last",
    iteration,
    stage: "answers",
    path: "tinker://model/weights/last",
    archive: "adapters/last.tar.gz",
    best: false,
  });
  const position = (iteration: number): TrainingPosition => ({
    iteration,
    supervisedStep: 0,
    stageStep: iteration,
    klCoefficient: 0,
    drawn: iteration,
    sinceBest: 0,
    spending: { policyTokens: 0, trainedTokens: 0, searches: 0, seconds: 0, money: 0 },
    monitors: {},
  });
  const metrics = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`metric/${index}`, index * 1.2345]));
  const file = openSync(paths.events, "w");
  let bytes = 0;
  for (let seq = 0; seq < events; seq++) {
    const iteration = Math.floor(seq / 10);
    const body =
      seq === 0
        ? { type: "launched", pid: 1, resumed: false }
        : seq === events - 1
          ? { type: "done", outcome: "done", reason: "All done." }
          : seq % 10 === 9
            ? { type: "iteration", iteration, stage: "answers", metrics }
            : seq === events - 3
              ? { type: "checkpoint", checkpoint: checkpoint(iteration), position: position(iteration) }
              : { type: "group", group: group(iteration) };
    bytes += writeSync(file, `${JSON.stringify({ seq, at, ...body })}\n`);
  }
  closeSync(file);
  return bytes / 2 ** 20;
}
