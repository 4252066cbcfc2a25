import { closeSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { mean, standardDeviation } from "simple-statistics";
import { SearchMode } from "../../protocol/passage.ts";
import { sampleQuestions } from "../evaluation/sample-questions.ts";
import { noTerms } from "../rewards/optional-terms.ts";
import { type SampledGroup, sampleGroups } from "../sample-groups.ts";
import { type CorpusChoice, chosenCorpus } from "./chosen-corpus.ts";
import { chosenPolicy, profileFor, chosenReward, fittingReward, wholeNumber } from "./named-choices.ts";
import { createFile } from "./new-file.ts";
import { counted } from "./counted.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { readQuestionFile } from "./question-file.ts";
import { addRetrieverOptions } from "./retriever-options.ts";
import { oneLine } from "./visible-text.ts";

interface RolloutsOptions extends CorpusChoice {
  data: string;
  out: string;
  policy: string;
  profile?: string;
  mode: string;
  samples: string;
  together: string;
  limit?: string;
  seed: string;
  reward?: string;
  concurrency: string;
  skipBad?: boolean;
}

export function addRolloutsCommand(program: Command): void {
  const command = program
    .command("rollouts")
    .description("Sample groups of rollouts of each question, as training does, and write them scored to a file.")
    .requiredOption("--data <file>", "questions: JSON lines, JSON, parquet or CSV; read by content")
    .requiredOption("--index <what>", "folder of documents, file of passages, or a retrieval server (search-r1:URL, …)")
    .requiredOption("--out <file>", "trajectories as JSON lines; must not be there yet")
    .option("--policy <id>", "extractive, trained:NAME, openai:MODEL@URL, openai-chat:MODEL@URL", "extractive")
    .option(
      "--profile <name>",
      "rollout profile: a name or a JSON file (default: r1-searcher, or as the policy was trained)",
    )
    .option("--samples <n>", "rollouts of each question", "4")
    .option("--together <n>", "questions whose rollouts go turn by turn together", "16")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--mode <mode>", "search by words, vectors or hybrid", "hybrid")
    .option("--limit <n>", "take a random sample of so many questions, chosen by the seed")
    .option(
      "--seed <n>",
      "decides the sample of questions; the nth rollout of a question is sent this seed plus n",
      "1",
    )
    .option("--reward <name>", "reward profile (default: the first that fits the rollout profile)")
    .option("--concurrency <n>", "stretches of policy text in flight at once", "16")
    .option("--skip-bad", "go on after records that cannot be read, and count them")
    .option("--json", "one JSON object on standard output")
    .action(async (options: RolloutsOptions) => {
      await runRolloutsCommand(options);
    });
  addRetrieverOptions(command);
}

async function runRolloutsCommand(options: RolloutsOptions): Promise<void> {
  const signal = interruptSignal();
  const mode = SearchMode.safeParse(options.mode);
  if (!mode.success) throw new CommandError("--mode is words, vectors or hybrid.", exitCodes.usage);
  const seed = wholeNumber("--seed", options.seed, 0);
  const samples = wholeNumber("--samples", options.samples, 1);
  const together = wholeNumber("--together", options.together, 1);
  const concurrency = wholeNumber("--concurrency", options.concurrency, 1);
  const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit, 1);
  const profile = await profileFor(options.policy, options.profile, "r1-searcher");
  const reward = options.reward === undefined ? fittingReward(profile) : chosenReward(options.reward);
  const policy = await chosenPolicy(options.policy);
  const data = await readQuestionFile(options.data, options.skipBad === true);
  const questions = sampleQuestions(data.questions, limit, seed);
  const corpus = await chosenCorpus(options, mode.data, signal);
  const groups: GroupSummary[] = [];
  try {
    const file = createFile(options.out);
    try {
      const request = {
        questions,
        samples,
        together,
        profile,
        policy,
        retriever: corpus.retriever,
        reward,
        terms: noTerms,
        seed,
        concurrency,
      };
      for await (const group of sampleGroups(request, signal)) {
        writeSync(file, group.trajectories.map((trajectory) => `${JSON.stringify(trajectory)}\n`).join(""));
        const summary = summarise(group);
        groups.push(summary);
        if (!options.json) printGroup(summary);
      }
    } finally {
      closeSync(file);
    }
  } finally {
    await corpus.close();
  }
  const totals = total(groups);
  if (options.json)
    printJson({
      out: options.out,
      profile: profile.name,
      policy: policy.ref,
      reward: reward.name,
      samples,
      seed,
      groups,
      totals,
    });
  else
    print(
      `${counted(totals.rollouts, "rollout")} of ${counted(groups.length, "question")} in ${options.out}: mean reward ${totals.reward.toFixed(3)}, ${counted(totals.withoutSpread, "group")} without spread.`,
    );
  if (signal.aborted)
    throw new CommandError(
      `Stopped after ${groups.length} of ${questions.length} questions; what is finished is in ${options.out}.`,
      exitCodes.interrupted,
    );
}

/** What one group came to. */
interface GroupSummary {
  id: string;
  question: string;
  rewards: number[];
  mean: number;
  /** Population standard deviation; a group without spread teaches nothing. */
  spread: number;
  searches: number[];
  stops: (string | null)[];
}

function summarise({ question, trajectories }: SampledGroup): GroupSummary {
  const rewards = trajectories.map(({ reward }) => reward!.total);
  return {
    id: question.id,
    question: question.question,
    rewards,
    mean: mean(rewards),
    spread: standardDeviation(rewards),
    searches: trajectories.map(({ searches }) => searches.length),
    stops: trajectories.map(({ stop }) => stop?.reason ?? null),
  };
}

function total(groups: readonly GroupSummary[]): { rollouts: number; reward: number; withoutSpread: number } {
  const rewards = groups.flatMap((group) => group.rewards);
  return {
    rollouts: rewards.length,
    reward: rewards.length === 0 ? 0 : mean(rewards),
    withoutSpread: groups.filter(({ spread }) => spread < 1e-9).length,
  };
}

function printGroup({ question, rewards, mean: average, spread }: GroupSummary): void {
  const flag = spread < 1e-9 ? "  no spread" : "";
  print(
    `${average.toFixed(3).padStart(7)} ± ${spread.toFixed(3)}  [${rewards.map((value) => value.toFixed(2)).join(" ")}]  ${oneLine(question, 70)}${flag}`,
  );
}
