import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { SearchMode } from "../../protocol/passage.ts";
import { askOnce } from "../ask-once.ts";
import { evaluate } from "../evaluate.ts";
import type { DataSet } from "../evaluation/data-sets/read-data-set.ts";
import { judgePrompt } from "../evaluation/judge.ts";
import { type RunManifest, hashOf, runFormat } from "../evaluation/runs/manifest.ts";
import { type RunFolder, RunFolderError, openRunFolder } from "../evaluation/runs/run-folder.ts";
import { summariseRun } from "../evaluation/runs/summary.ts";
import { sampleQuestions } from "../evaluation/sample-questions.ts";
import { dataHome } from "../home.ts";
import { takeLease } from "../index/lease.ts";
import type { Policy } from "../models/policy.ts";
import { fillPrompt } from "../rollout/prompt.ts";
import { version } from "../version.ts";
import { evaluationProgress } from "./evaluate-progress.ts";
import { type CorpusChoice, chosenCorpus } from "./chosen-corpus.ts";
import { printSummary } from "./evaluate-print.ts";
import { readEvaluationRecipe } from "./evaluation-recipe.ts";
import { chosenPolicy, profileFor, chosenReward, fittingReward, wholeNumber } from "./named-choices.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { addRetrieverOptions } from "./retriever-options.ts";
import { readQuestionFile } from "./question-file.ts";

interface EvaluateOptions extends CorpusChoice {
  data: string;
  policy: string;
  profile?: string;
  mode: string;
  limit?: string;
  seed: string;
  out?: string;
  reward?: string;
  judge?: string;
  concurrency: string;
  skipBad?: boolean;
}

export function addEvaluateCommand(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Run a policy over a file of questions and measure it; a run that was stopped goes on where it is.")
    .argument("[recipe]", "a file of these options (JSON with comments); what the command line says wins")
    .option("--data <file>", "questions: JSON lines, JSON, parquet or CSV; read by content")
    .option("--index <what>", "folder of documents, file of passages, or a retrieval server (search-r1:URL, …)")
    .option("--policy <id>", "extractive, trained:NAME, openai:MODEL@URL, openai-chat:MODEL@URL", "extractive")
    .option(
      "--profile <name>",
      "rollout profile: a name or a JSON file (default: r1-searcher-eval-v0, or as the policy was trained)",
    )
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--mode <mode>", "search by words, vectors or hybrid", "hybrid")
    .option("--limit <n>", "ask a random sample of so many questions, chosen by the seed")
    .option("--seed <n>", "decides the sample, the intervals, and what a policy that samples is sent", "1")
    .option("--out <dir>", "result folder (default: one of its own under the data folder, the same for the same run)")
    .option("--reward <name>", "reward profile (default: the first that fits the rollout profile)")
    .option("--judge <policy>", "a model that judges each answer by the paper's prompt")
    .option("--concurrency <n>", "rollouts at the same time", "4")
    .option("--skip-bad", "go on after records that cannot be read, and count them")
    .option("--json", "one JSON object on standard output")
    .action(async (recipe: string | undefined, options: EvaluateOptions) => {
      await runEvaluate(recipe === undefined ? options : withRecipe(recipe, options, command));
    });
  addRetrieverOptions(command);
}

/** The recipe's values where the command line says nothing. */
function withRecipe(file: string, options: EvaluateOptions, command: Command): EvaluateOptions {
  const said = Object.entries(options).filter(([name]) => command.getOptionValueSource(name) === "cli");
  return { ...options, ...readEvaluationRecipe(file), ...Object.fromEntries(said) };
}

async function runEvaluate(options: EvaluateOptions): Promise<void> {
  for (const name of ["data", "index"] as const) {
    if (!options[name]) throw new CommandError(`Give --${name}, or a recipe that has it.`, exitCodes.usage);
  }
  const signal = interruptSignal();
  const mode = SearchMode.safeParse(options.mode);
  if (!mode.success) throw new CommandError("--mode is words, vectors or hybrid.", exitCodes.usage);
  const seed = wholeNumber("--seed", options.seed, 0);
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit, 1);
  const concurrency = wholeNumber("--concurrency", options.concurrency, 1);
  const profile = await profileFor(options.policy, options.profile, "r1-searcher-eval-v0");
  const reward = options.reward === undefined ? fittingReward(profile) : chosenReward(options.reward);
  const policy = await chosenPolicy(options.policy);
  const judge = options.judge === undefined ? undefined : await chosenJudge(options.judge);
  const data = await readQuestionFile(options.data, options.skipBad === true);
  const questions = sampleQuestions(data.questions, limit, seed);
  const corpus = await chosenCorpus(options, mode.data, signal);
  try {
    const manifest: RunManifest = {
      version: runFormat,
      createdAt: new Date().toISOString(),
      data: { file: basename(options.data), hash: data.hash, questions: data.questions.length, bad: data.bad.length },
      sample: { limit: limit ?? null, questions: questions.length, hash: hashOf(questions.map(({ id }) => id)) },
      ...corpus.pins,
      topK: profile.limits.passages,
      policy: { id: policy.ref.id, kind: policy.ref.kind, label: policy.ref.label },
      profile: { name: profile.name, hash: hashOf(profile) },
      prompt: hashOf(fillPrompt(profile, "{question}")),
      normaliser: profile.normaliser,
      reward: reward.name,
      judge: judge
        ? { policy: judge.ref.id, prompt: hashOf(judgePrompt({ question: "", gold: "", prediction: "" })) }
        : null,
      seed,
      versions: { searchlight: version, node: process.versions.node },
    };
    using folder = openFolderOnce(options.out ?? ownFolder(options.data, manifest), manifest);
    const progress = evaluationProgress(
      questions.map(({ id }) => folder.rows.get(id)),
      options.json === true,
    );
    const asked = {
      questions,
      profile,
      policy,
      retriever: corpus.retriever,
      folders: corpus.folders,
      reward,
      seed,
      concurrency,
    };
    const end = await evaluate({ ...asked, ...(judge ? { judge: askOnce(judge, seed) } : {}) }, folder, {
      signal,
      onRow: progress.row,
    })
      .catch(asCommandError)
      .finally(progress.stop);
    report(folder, manifest, questions, data, options);
    if (end.kind === "cancelled")
      throw new CommandError(
        `Stopped; the same command goes on after ${folder.rows.size} of ${questions.length} questions.`,
        exitCodes.interrupted,
      );
    if (end.kind === "failing")
      throw new CommandError(
        `Given up after several failures one after another: ${end.detail} The same command goes on and asks the failed questions again.`,
      );
  } finally {
    await corpus.close();
  }
}

function report(
  folder: RunFolder,
  manifest: RunManifest,
  questions: readonly { id: string }[],
  data: DataSet,
  options: EvaluateOptions,
): void {
  const rows = questions.flatMap(({ id }) => folder.rows.get(id) ?? []);
  if (rows.length === 0) return;
  const summary = { questions: questions.length, bad: data.bad.length, ...summariseRun(rows, manifest.seed) };
  folder.writeSummary(summary);
  if (options.json) printJson({ out: folder.path, run: manifest, summary });
  else {
    // Zeros that a server's absence made would be read as scores.
    if (summary.failed === summary.rows)
      print(`${summary.rows} of ${summary.questions} questions, all of them failed.`);
    else printSummary(summary);
    print(`Results: ${folder.path}`);
  }
}

/** The same run has the same folder, so that the same command goes on. */
function ownFolder(data: string, manifest: RunManifest): string {
  const name = `${basename(dirname(resolve(data)))}-${manifest.policy.id}`.replace(/[^\w.-]+/gu, "-").slice(0, 60);
  const pins = {
    ...manifest,
    createdAt: "",
    data: { ...manifest.data, file: "" },
    versions: manifest.versions.searchlight,
  };
  return join(dataHome(), "evaluations", `${name}-${hashOf(pins).slice(0, 10)}`);
}

/** Opens the result folder for this process alone. */
function openFolderOnce(path: string, manifest: RunManifest): RunFolder & Disposable {
  const taken = takeLease(path);
  if (!taken.ok)
    throw new CommandError(`Process ${taken.pid} writes to ${path}; wait for it, or give another folder with --out.`);
  try {
    const folder = openRunFolder(path, manifest);
    if (folder.rows.size > 0) note(`Goes on with ${folder.rows.size} questions that are answered already.`);
    const dispose = (): void => {
      folder.close();
      taken.lease.release();
    };
    return { ...folder, [Symbol.dispose]: dispose };
  } catch (error) {
    taken.lease.release();
    if (error instanceof RunFolderError) throw new CommandError(error.message, exitCodes.usage, { cause: error });
    throw error;
  }
}

function asCommandError(error: unknown): never {
  if (error instanceof RunFolderError) throw new CommandError(error.message, exitCodes.failed, { cause: error });
  throw error;
}

async function chosenJudge(id: string): Promise<Policy> {
  if (id === "extractive")
    throw new CommandError(
      "The extractive policy quotes documents and cannot judge; use openai:MODEL@URL or openai-chat:MODEL@URL.",
      exitCodes.usage,
    );
  return chosenPolicy(id);
}
