import { closeSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { SearchMode } from "../../protocol/passage.ts";
import { fileRecords } from "../evaluation/data-sets/file-records.ts";
import { sampleQuestions } from "../evaluation/sample-questions.ts";
import { type Policy } from "../models/policy.ts";
import { programExpert } from "../models/program-expert.ts";
import { isRight, noTerms } from "../rewards/optional-terms.ts";
import { type SampledGroup, sampleGroups } from "../sample-groups.ts";
import { bestOf, difficultyOf, expertPlans } from "../training-data.ts";
import { type CorpusChoice, chosenCorpus } from "./chosen-corpus.ts";
import { chosenPolicy, profileFor, chosenReward, fittingReward, wholeNumber } from "./named-choices.ts";
import { createFile } from "./new-file.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { readQuestionFile } from "./question-file.ts";
import { addRetrieverOptions } from "./retriever-options.ts";

interface DataOptions extends CorpusChoice {
  data: string;
  out: string;
  profile?: string;
  mode: string;
  limit?: string;
  seed: string;
  reward?: string;
  minReward?: string;
  by?: string;
  policy?: string;
  samples?: string;
  keep?: string;
  skipBad?: boolean;
}

export function addDataCommand(program: Command): void {
  const data = program
    .command("data")
    .description("Make what training reads: example trajectories and graded questions.");
  common(
    data.command("experts"),
    "Trajectories by a program that knows the answers, or by the extractive policy, with real searches.",
  )
    .option("--by <who>", "program (asks for each support, gives the gold answer) or extractive", "program")
    .option("--min-reward <n>", "leave out trajectories with less reward", "1")
    .action((options: DataOptions) => runSelection("experts", options));
  common(data.command("reject"), "Rejection sampling: the best of several rollouts of each question.")
    .option("--policy <id>", "extractive, trained:NAME, openai:MODEL@URL, openai-chat:MODEL@URL", "extractive")
    .option("--samples <n>", "rollouts of each question", "8")
    .option("--keep <n>", "at most so many of each question, of different texts", "1")
    .option("--min-reward <n>", "leave out trajectories with less reward", "1")
    .action((options: DataOptions) => runSelection("reject", options));
  common(data.command("difficulty"), "Grade questions by the rollouts that one right answer takes.")
    .option("--policy <id>", "extractive, trained:NAME, openai:MODEL@URL, openai-chat:MODEL@URL", "extractive")
    .option("--samples <n>", "rollouts of each question", "20")
    .action(runDifficulty);
}

function common(command: Command, description: string): Command {
  command
    .description(description)
    .requiredOption("--data <file>", "questions with gold answers: JSON lines, JSON, parquet or CSV; read by content")
    .requiredOption("--index <what>", "folder of documents, file of passages, or a retrieval server (search-r1:URL, …)")
    .requiredOption("--out <file>", "JSON lines; must not be there yet")
    .option(
      "--profile <name>",
      "rollout profile: a name or a JSON file (default: r1-searcher, or as the policy was trained)",
    )
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--mode <mode>", "search by words, vectors or hybrid", "hybrid")
    .option("--limit <n>", "take a random sample of so many questions, chosen by the seed")
    .option("--seed <n>", "decides the sample of questions; the nth rollout is sent this seed plus n", "1")
    .option("--reward <name>", "reward profile (default: the first that fits the rollout profile)")
    .option("--skip-bad", "go on after records that cannot be read, and count them")
    .option("--json", "one JSON object on standard output");
  addRetrieverOptions(command);
  return command;
}

async function runSelection(verb: "experts" | "reject", options: DataOptions): Promise<void> {
  const least = Number(options.minReward);
  if (!Number.isFinite(least)) throw new CommandError("--min-reward is a number.", exitCodes.usage);
  if (verb === "experts" && options.by !== "program" && options.by !== "extractive")
    throw new CommandError("--by is program or extractive.", exitCodes.usage);
  const keep = verb === "experts" ? 1 : wholeNumber("--keep", options.keep!, 1);
  let kept = 0;
  let rollouts = 0;
  const work = await sampled(options, verb === "experts" && options.by === "program", (group, write) => {
    const best = bestOf(group.trajectories, least, keep);
    for (const trajectory of best) write(trajectory);
    kept += best.length;
    rollouts += group.trajectories.length;
  });
  if (options.json) printJson({ out: options.out, ...work, rollouts, kept });
  else print(`${kept} of ${rollouts} trajectories have a reward of at least ${least} and are in ${options.out}.`);
  ended(options, work);
}

async function runDifficulty(options: DataOptions): Promise<void> {
  const counts = { easy: 0, medium: 0, difficult: 0, unsolved: 0 };
  const records = new Map<number, object>();
  const reward = chosenRewardOf(options, await profileFor(options.policy ?? "", options.profile, "r1-searcher"));
  const work = await sampled(options, false, async ({ question, trajectories }, write) => {
    if (records.size === 0)
      for await (const record of fileRecords(options.data))
        if ("data" in record) records.set(record.line, record.data as object);
    const right = trajectories.filter((each) => isRight(each, reward, question.golds)).length;
    const difficulty = difficultyOf(right, trajectories.length);
    counts[difficulty] += 1;
    write({ ...records.get(question.line), difficulty, right, rollouts: trajectories.length });
  });
  if (options.json) printJson({ out: options.out, ...work, difficulty: counts });
  else
    print(
      `${Object.entries(counts)
        .map(([name, n]) => `${n} ${name}`)
        .join(", ")}; written to ${options.out}.`,
    );
  ended(options, work);
}

interface Work {
  questions: number;
  asked: number;
}

/** Runs the rollouts and hands on each scored group with what writes a line of the file. Questions without a gold answer are left out. */
async function sampled(
  options: DataOptions,
  byProgram: boolean,
  take: (group: SampledGroup, write: (line: object) => void) => void | Promise<void>,
): Promise<Work> {
  const signal = interruptSignal();
  const mode = SearchMode.safeParse(options.mode);
  if (!mode.success) throw new CommandError("--mode is words, vectors or hybrid.", exitCodes.usage);
  const seed = wholeNumber("--seed", options.seed, 0);
  const samples = wholeNumber("--samples", options.samples ?? "1", 1);
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit, 1);
  const profile = await profileFor(options.policy ?? "", options.profile, "r1-searcher");
  const reward = chosenRewardOf(options, profile);
  const data = await readQuestionFile(options.data, options.skipBad === true);
  const questions = sampleQuestions(
    data.questions.filter(({ golds }) => golds.length > 0),
    limit,
    seed,
  );
  if (questions.length === 0) throw new CommandError(`No question of ${options.data} has a gold answer.`);
  const policy: Policy = byProgram
    ? programExpert(expertPlans(questions))
    : await chosenPolicy(options.policy ?? "extractive");
  const corpus = await chosenCorpus(options, mode.data, signal);
  let asked = 0;
  try {
    const file = createFile(options.out);
    try {
      const request = {
        questions,
        samples,
        together: 16,
        profile,
        policy,
        retriever: corpus.retriever,
        reward,
        terms: noTerms,
        seed,
        concurrency: 16,
      };
      for await (const group of sampleGroups(request, signal)) {
        await take(group, (line) => writeSync(file, `${JSON.stringify(line, plainNumber)}\n`));
        asked += 1;
      }
    } finally {
      closeSync(file);
    }
  } finally {
    await corpus.close();
  }
  return { questions: questions.length, asked };
}

function chosenRewardOf(options: DataOptions, profile: Awaited<ReturnType<typeof profileFor>>) {
  return options.reward === undefined ? fittingReward(profile) : chosenReward(options.reward);
}

/** Parquet holds whole numbers that JSON has no form for. */
function plainNumber(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

function ended(options: DataOptions, { asked, questions }: Work): void {
  if (asked < questions)
    throw new CommandError(
      `Stopped after ${asked} of ${questions} questions; what is finished is in ${options.out}.`,
      exitCodes.interrupted,
    );
}
