// One process, so that its memory is the loop's alone: prints the figures as JSON.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recipe } from "../../protocol/recipe.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { makeTinyModel } from "../../server/engine/make-tiny.ts";
import { readModelFolder } from "../../server/engine/model-folder.ts";
import type { TextTokenizer } from "../../server/models/tokenizer.ts";
import type { Retriever } from "../../server/retrieval/retriever.ts";
import { generatedPassages } from "./generated-passages.ts";
import { fillPrompt } from "../../server/rollout/prompt.ts";
import { r1Searcher } from "../../server/rollout/profiles/r1-searcher.ts";
import { openEventLog, wholeLines } from "../../server/runs/event-log.ts";
import { RunKeeper } from "../../server/runs/run-keeper.ts";
import { runPaths } from "../../server/runs/run-paths.ts";
import { openTrajectoryStore } from "../../server/runs/trajectory-store.ts";
import type {
  SampledSequence,
  Sampler,
  TrainedModel,
  TrainingEngine,
  TrainingSequence,
} from "../../server/training/engine.ts";
import { runTraining } from "../../server/training/loop/run-training.ts";
import { planPasses } from "../../server/training/tinker/plan-passes.ts";
import { shiftedDatum } from "../../server/training/tinker/shifted-datum.ts";
import { jsonPass, protoPass } from "../../server/training/tinker/training-wire.ts";

export interface TrainingLoopBench {
  rollouts: number;
  turns: number;
  /** Tokens of a whole transcript, the mean. */
  tokens: number;
  iterations: number;
  /** Processor seconds of an iteration with an engine that costs nothing, encoding for the wire and writing to disk included; the median. */
  seconds: number;
  /** Processor seconds that a bare program takes to write an iteration's trajectories as JSON. */
  bareSeconds: number;
  /** MiB of the process at most, and what the heap holds after the last iteration more than after half of them. */
  peakMegabytes: number;
  grownMegabytes: number;
  /** Bytes that one training sequence takes on each wire, the mean. */
  datumBytes: { proto: number; json: number };
  diskMegabytes: number;
}

/** Four different queries among the sixteen rollouts of a prompt, in each turn. */
const shape = {
  prompts: 64,
  rollouts: 16,
  queries: 256,
  minibatch: 256,
  iterations: Number(process.argv[2] ?? 6),
  searches: 3,
};

const contextLength = 8192;

type Stretch = Pick<SampledSequence, "ids" | "logprobs">;

/** Stretches by turn: a thought of some seventy tokens and a query, at the end an answer that is right for every third rollout. */
function stretches(tokenizer: TextTokenizer): (turn: number, seed: number) => Stretch {
  const { tags } = r1Searcher;
  const thought = " I have to find out who wrote it and when it was founded, so I look for the place first.".repeat(4);
  const stretch = (text: string): Stretch => {
    const ids = tokenizer.encodePrompt(thought + text);
    return { ids, logprobs: ids.map((_, at) => -0.1 - (at % 97) / 1013) };
  };
  const queries = Array.from({ length: shape.searches * shape.queries }, (_, at) =>
    stretch(`${tags.queryOpen}query ${at}${tags.queryClose}`),
  );
  const answer = (text: string): Stretch =>
    stretch(`${tags.thinkClose} ${tags.answerOpen} ${text} ${tags.answerClose}`);
  const [right, wrong] = [answer("red"), answer("blue")];
  return (turn, seed) =>
    turn < shape.searches ? queries[turn * shape.queries + (seed % shape.queries)]! : seed % 3 === 0 ? right : wrong;
}

/** Engine time is none of the loop's: samples are ready, and a step only encodes what would be sent. */
function freeEngine(tokenizer: TextTokenizer, bytes: { proto: number; json: number; datums: number }): TrainingEngine {
  const write = stretches(tokenizer);
  const closing = tokenizer.encodePrompt(r1Searcher.tags.queryClose)[0]!;
  const closings = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + (id === closing ? 1 : 0), 0);
  // The prompt shows the tags by an example.
  const shown = closings(tokenizer.encodePrompt(fillPrompt(r1Searcher, "").text));
  const references = Float64Array.from({ length: contextLength }, (_, at) => -0.2 - (at % 89) / 1009);
  const trained = Float64Array.from({ length: contextLength }, (_, at) => -0.15 - (at % 101) / 1019);
  const sampler: Sampler = {
    sample: async (requests) =>
      requests.map(({ prompt, seed }): SampledSequence => {
        const { ids, logprobs } = write(closings(prompt) - shown, seed);
        return { ids, logprobs, reason: "stop" };
      }),
    logprobs: async (sequences) => sequences.map((ids) => references.subarray(0, ids.length - 1)),
  };
  const rows = (sequences: readonly TrainingSequence[]): Float64Array[] =>
    sequences.map(({ ids }) => trained.subarray(0, ids.length));
  const model: TrainedModel = {
    id: "free",
    rank: 8,
    sequence: 0,
    publish: async () => sampler,
    forward: async (sequences) => rows(sequences),
    async forwardBackward(sequences, loss) {
      const datums = sequences.map(shiftedDatum);
      for (const plan of planPasses(datums, { wire: "proto" })) {
        const part = plan.map((at) => datums[at]!);
        bytes.proto += protoPass({ modelId: "free", sequence: 1, datums: part, loss, forwardOnly: false }).length;
      }
      if (bytes.json === 0) {
        const [first] = datums;
        bytes.json = JSON.stringify(
          jsonPass({ modelId: "", sequence: 1, datums: [first!], loss, forwardOnly: false }),
        ).length;
      }
      bytes.datums += datums.length;
      return rows(sequences);
    },
    optimStep: async () => ({ gradientNorm: 1 }),
    save: async (name) => `tinker://free/weights/${name}`,
    exportAdapter: async () => new Uint8Array(1024),
    remove: async () => {},
    unload: async () => {},
  };
  return {
    capabilities: {
      engine: "free",
      version: "0",
      wire: "proto",
      reduction: "sequence-mean",
      promptLogprobsOffset: 0,
      baseSampling: true,
      fullTuning: false,
      maxModels: 2,
      samplingWidth: 64,
      fillsBatches: false,
      microBatch: 8,
      stopStringsEarly: true,
      fixedAdam: false,
      idempotent: true,
      vocabulary: 2048,
      contextLength,
    },
    createModel: async () => model,
    base: () => sampler,
    close: async () => {},
  };
}

/** Other passages for every query, and in every iteration others than in the one before. */
function passages(iteration: () => number): Retriever {
  const pool = generatedPassages(7, 0, 20_000);
  return {
    id: "bench",
    folders: [],
    coverage: () => undefined,
    search: async (queries, k) =>
      queries.map((query) => {
        const first = (Number(query.replace(/\D+/g, "")) + iteration() * shape.searches * shape.queries) * k;
        const hits = Array.from({ length: k }, (_, at) => ({
          passage: pool[(first + at) % pool.length]!,
          rank: at + 1,
          score: 1,
          matched: [],
        }));
        return { ok: true, hits, seconds: 0, cached: false };
      }),
  };
}

/** Time that this process computed: other programs of the machine do not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The last trajectories of the file, and the mean of the tokens of all. Throws where one did not search as often as it should. */
function readBack(file: string, searches: number, count: number): { last: unknown[]; tokens: number } {
  const last: unknown[] = [];
  let [lines, tokens] = [0, 0];
  const descriptor = openSync(file, "r");
  for (const { line } of wholeLines(descriptor, 0)) {
    const trajectory = JSON.parse(line) as Trajectory;
    if (trajectory.searches.length !== searches)
      throw new Error("A rollout of the benchmark did not search as often as it should.");
    lines++;
    tokens += trajectory.tokens?.ids.length ?? 0;
    last.push(trajectory);
    if (last.length > count) last.shift();
  }
  closeSync(descriptor);
  return { last, tokens: tokens / lines };
}

async function bench(): Promise<TrainingLoopBench> {
  const home = mkdtempSync(join(tmpdir(), "searchlight-bench-loop-"));
  try {
    makeTinyModel(join(home, "model"), {
      texts: [...generatedPassages(7, 0, 100).map(({ text }) => text), r1Searcher.about],
      seed: 1,
    });
    const read = readModelFolder(join(home, "model"));
    if (!read.ok) throw new Error(read.reason);
    const { tokenizer, endIds } = read.model;
    const bytes = { proto: 0, json: 0, datums: 0 };
    const { prompts, rollouts, minibatch, iterations, searches } = shape;
    const recipe = Recipe.parse({
      version: 1,
      name: "bench",
      model: { base: "model" },
      data: [{ file: "questions.jsonl" }],
      retrieval: { index: "documents" },
      stages: [
        {
          name: "answers",
          reward: "paper-stage2",
          iterations,
          prompts,
          rollouts,
          minibatch,
          kl: { coefficient: 0.001 },
          learningRate: { peak: 1e-4 },
        },
      ],
    });
    const questions = Array.from({ length: 256 }, (_, at) => ({
      id: `q${at}`,
      line: at + 1,
      question: `What colour is lamp ${at}?`,
      golds: ["red"],
      answerable: true,
      supports: [],
      answerBearing: [],
      hops: [],
    }));
    const paths = runPaths(join(home, "run"));
    mkdirSync(paths.folder);
    const ends: number[] = [];
    const held: number[] = [];
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
    const host = new RunKeeper(paths, openEventLog(paths.events), openTrajectoryStore(paths), () => {});
    const record = host.record.bind(host);
    host.record = (event) => {
      record(event);
      if (event.type !== "iteration") return;
      ends.push(processorSeconds());
      // Twice only: what is collected here, the loop need not collect.
      if (ends.length !== iterations >> 1 && ends.length !== iterations) return;
      globalThis.gc?.();
      held.push(process.memoryUsage().heapUsed);
    };
    const profile = { ...r1Searcher, limits: { ...r1Searcher.limits, searches, turns: searches + 1 } };
    const started = processorSeconds();
    const end = await runTraining(
      {
        recipe,
        profile,
        engine: freeEngine(tokenizer, bytes),
        tokenizer,
        endIds,
        retriever: passages(() => ends.length),
        stages: [[{ questions, weight: 1 }]],
        evaluation: [],
        supervised: [],
      },
      host,
      undefined,
      AbortSignal.timeout(600_000),
    );
    clearInterval(watch);
    if (end.outcome !== "done") throw new Error(end.reason);
    const times = ends.map((at, index) => at - (ends[index - 1] ?? started)).toSorted((a, b) => a - b);
    const written = readBack(paths.trajectories, searches, prompts * rollouts);
    const from = processorSeconds();
    if (written.last.map((each) => JSON.stringify(each)).join("\n").length === 0)
      throw new Error("No trajectory was written.");
    const bareSeconds = processorSeconds() - from;
    return {
      rollouts: prompts * rollouts,
      turns: searches + 1,
      tokens: written.tokens,
      iterations,
      seconds: times[Math.floor(times.length / 2)]!,
      bareSeconds,
      peakMegabytes: peak / 2 ** 20,
      grownMegabytes: (held.at(-1)! - held[0]!) / 2 ** 20,
      datumBytes: { proto: bytes.proto / bytes.datums, json: bytes.json },
      diskMegabytes: (statSync(paths.trajectories).size + statSync(paths.events).size) / 2 ** 20,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

console.log(JSON.stringify(await bench()));
