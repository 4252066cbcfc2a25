import type { Command } from "commander";
import type { Reward } from "../../protocol/reward.ts";
import { type AnswerMetrics, answerMetrics } from "../evaluation/answer-metrics.ts";
import { rolloutMetrics } from "../evaluation/rollout-metrics.ts";
import { type TermWeights, isRight, noTerms, scoreGroup, termCap } from "../rewards/optional-terms.ts";
import {
  type AnswerMetric,
  type RewardProfile,
  answerMetricNames,
  withAnswerMetric,
} from "../rewards/reward-profile.ts";
import { TwinTally, twinDifference } from "../rewards/twin-difference.ts";
import { auditMask } from "../rollout/mask-audit.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";
import type { Profile } from "../rollout/profile.ts";
import type { ImportedRow } from "../trajectories/import/import-row.ts";
import { type BadRow, readTrajectories } from "../trajectories/import/read-trajectories.ts";
import { chosenTokenizer } from "./chosen-tokenizer.ts";
import { chosenProfile, chosenReward, fittingReward } from "./named-choices.ts";
import { CommandError, exitCodes, note, printJson } from "./output.ts";
import { printScores } from "./score-print.ts";
import { RewardCheck } from "./score-check.ts";
import { ScoredGroups } from "./scored-groups.ts";
import { type ScoredRow, ScoreSummary } from "./score-summary.ts";
import { isFileFailure, whyUnread } from "../file-failure.ts";

interface ScoreOptions {
  profile?: string;
  tokenizer?: string;
  reward?: string;
  answer?: string;
  term?: string[];
  skipBad?: boolean;
  check?: boolean;
  json?: boolean;
}

export function addScoreCommand(program: Command): void {
  program
    .command("score")
    .description("Score trajectories of a file: answer metrics, and the reward with the rule that cost each point.")
    .argument("<file>", "trajectories in any format that is read (docs/formats.md); told by content")
    .option(
      "--profile <name>",
      "rollout profile to read texts with: a name or a JSON file (default: by the tags of each text)",
    )
    .option("--reward <name>", "reward profile (default: the first that fits the rollout profile)")
    .option("--answer <metric>", "compare the answer in the reward by f1, em or cem instead")
    .option(
      "--term <name=weight>",
      `pay an optional term, at most ${termCap}: ${Object.keys(noTerms).join(", ")} (may be repeated)`,
      (term: string, terms: string[] | undefined) => [...(terms ?? []), term],
    )
    .option("--tokenizer <path>", "tokenizer.json, or folder that has one, for records that hold token ids and no text")
    .option("--check", "hold the recorded rewards against the scored ones; ends with 1 where one does not hold")
    .option("--skip-bad", "go on after records that cannot be read, and count them")
    .option("--json", "one JSON object on standard output")
    .action(async (file: string, options: ScoreOptions) => {
      const profile = options.profile === undefined ? undefined : await chosenProfile(options.profile);
      const tokenizer = options.tokenizer === undefined ? undefined : await chosenTokenizer(options.tokenizer);
      const reward = options.reward === undefined ? undefined : chosenReward(options.reward);
      const metric = options.answer === undefined ? undefined : chosenMetric(options.answer);
      const weights = chosenWeights(options.term ?? []);
      const rows: ScoredRow[] = [];
      const recorded: (Reward | undefined)[] = [];
      const groups = new ScoredGroups();
      const bad: BadRow[] = [];
      const summary = new ScoreSummary();
      const twins = new TwinTally();
      const check = options.check ? new RewardCheck() : undefined;
      for await (const read of rowsOf(file, profile, tokenizer)) {
        if (!read.ok) {
          const { line, field, reason } = read;
          const sentence = `${file}, line ${line}: ${field} ${reason}.`;
          if (!options.skipBad) throw new CommandError(`${sentence} --skip-bad goes on without such records.`);
          note(sentence);
          bad.push({ line, field, reason });
          continue;
        }
        const own = read.row.trajectory.reward;
        const fitting = reward ?? (check && RewardCheck.profileOf(own)) ?? fittingReward(read.row.profile);
        const terms = metric ? withAnswerMetric(fitting, metric) : fitting;
        const scored = scoreRow(read.row, read.line, terms, weights);
        rows.push(scored);
        recorded.push(own);
        groups.add(scored, isRight(read.row.trajectory, terms, read.row.trajectory.golds ?? []));
        const difference = twinDifference(read.row.trajectory, terms, read.row.trajectory.golds ?? []);
        if (difference) twins.add(difference);
      }
      if (rows.length === 0) throw new CommandError(`${file} holds no trajectory that can be scored.`);
      groups.settle(weights.efficiency);
      for (const [index, row] of rows.entries()) check?.add(row, recorded[index], row.reward);
      for (const row of rows) summary.add(row);
      const result = { ...summary.json(), bad: bad.length, ...(twins.rows > 0 ? { policySpans: twins.json() } : {}) };
      if (options.json) printJson({ rows, bad, summary: result, ...(check ? { failed: check.failed } : {}) });
      else {
        printScores(rows, result);
        check?.print();
      }
      check?.demand(file);
    });
}

/** Scores one imported trajectory; metrics compare the recorded answer where the record names one, as its program did. */
export function scoreRow(
  { trajectory, profile, answer, recorded, judge }: ImportedRow,
  line: number,
  terms: RewardProfile,
  weights: TermWeights = noTerms,
): ScoredRow {
  const golds = trajectory.golds ?? [];
  const said = recorded ?? answer;
  const normaliser = profile?.normaliser ?? terms.normaliser;
  const metrics: AnswerMetrics | null = golds.length > 0 ? answerMetrics(said, golds, normaliser) : null;
  const reward = scoreGroup([trajectory], terms, golds, weights)[0]!;
  const mask = profile ? auditMask(trajectory, profile) : undefined;
  return {
    id: trajectory.id,
    line,
    question: trajectory.question,
    answer: said ?? null,
    ...(recorded !== undefined && answer !== undefined && recorded !== answer ? { answerInText: answer } : {}),
    profile: trajectory.profile,
    rollout: rolloutMetrics(trajectory, golds),
    ...(judge === undefined ? {} : { judge }),
    stop: trajectory.stop?.reason ?? null,
    metrics,
    ...(mask ? { mask } : {}),
    reward,
  };
}

async function* rowsOf(
  file: string,
  profile: Profile | undefined,
  tokenizer: TextTokenizer | undefined,
): ReturnType<typeof readTrajectories> {
  try {
    yield* readTrajectories(file, profile, tokenizer);
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    throw new CommandError(
      `${file} ${whyUnread(error)}; give a file of trajectories in a form that docs/formats.md names.`,
      exitCodes.usage,
      { cause: error },
    );
  }
}

function chosenMetric(name: string): AnswerMetric {
  const known = answerMetricNames.find((metric) => metric === name);
  if (known) return known;
  throw new CommandError("--answer is f1, em or cem.", exitCodes.usage);
}

function chosenWeights(terms: readonly string[]): TermWeights {
  const weights = { ...noTerms };
  for (const term of terms) {
    const [name = "", value = "", ...rest] = term.split("=");
    const weight = value.trim() === "" ? Number.NaN : Number(value);
    if (!Object.hasOwn(weights, name) || rest.length > 0 || !(weight >= 0 && weight <= termCap)) {
      const names = Object.keys(noTerms).join(", ");
      throw new CommandError(
        `--term takes NAME=WEIGHT: a name of ${names}, a weight from 0 to ${termCap}.`,
        exitCodes.usage,
      );
    }
    weights[name as keyof TermWeights] = weight;
  }
  return weights;
}
