import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { type CompareResult, type Flip, type RightBy, compareRuns, rightMeasures } from "../evaluation/runs/compare.ts";
import { type Run, RunFolderError, readRun, runTrajectories } from "../evaluation/runs/run-folder.ts";
import { type MeasureName, measureNames } from "../evaluation/runs/summary.ts";
import { comparisonMarkdown, printComparison } from "./compare-print.ts";
import { wholeNumber } from "./named-choices.ts";
import { CommandError, exitCodes, print, printJson } from "./output.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { printTrajectory } from "./trajectory-print.ts";
import { oneLine } from "./visible-text.ts";

interface CompareOptions {
  metric: string;
  right: string;
  seed: string;
  allow?: string[];
  flips: string;
  show: string;
  markdown?: boolean;
  json?: boolean;
}

export function addCompareCommand(program: Command): void {
  program
    .command("compare")
    .description("Compare two runs question by question: is the second better than the first?")
    .argument("<first>", "result folder of searchlight evaluate")
    .argument("<second>", "another one over the same questions")
    .option("--metric <name>", `what the verdict is about: ${measureNames.join(", ")}`, "f1")
    .option(
      "--right <metric>",
      `what makes an answer right, for what is won and lost: ${rightMeasures.join(", ")} (f1: at least 0.5)`,
      "cem1",
    )
    .option(
      "--allow <field>",
      "a field in which the runs may differ beside the policy (may be given again)",
      (field: string, all: string[] | undefined) => [...(all ?? []), field],
    )
    .option("--seed <n>", "decides the intervals", "1")
    .option("--flips <n>", "how many won and lost questions are printed", "20")
    .option("--show <n>", "print both trajectories of so many flips, the lost ones first", "0")
    .option("--markdown", "print Markdown")
    .option("--json", "one JSON object on standard output, with every flip")
    .action((first: string, second: string, options: CompareOptions) => {
      const metric = measureNames.find((name) => name === options.metric);
      if (!metric) throw new CommandError(`--metric is one of ${measureNames.join(", ")}.`, exitCodes.usage);
      const right = rightMeasures.find((name) => name === options.right);
      if (!right) throw new CommandError(`--right is one of ${rightMeasures.join(", ")}.`, exitCodes.usage);
      return runCompare(first, second, metric, right, options);
    });
}

async function runCompare(
  first: string,
  second: string,
  metric: MeasureName,
  right: RightBy,
  options: CompareOptions,
): Promise<void> {
  const seed = wholeNumber("--seed", options.seed, 0);
  const flips = wholeNumber("--flips", options.flips, 0);
  const shown = wholeNumber("--show", options.show, 0);
  const runs = [openRun(first), openRun(second)] as const;
  const result = compareRuns(...runs, { metric, right, seed, allowed: options.allow ?? [] });
  if (!result.ok) throw refusal(result, first, second);
  const { comparison } = result;
  const labels = labelsOf(...runs);
  if (shown > 0 && (options.json || options.markdown))
    throw new CommandError("--show prints for the terminal; leave out --json and --markdown.", exitCodes.usage);
  if (options.json)
    printJson({
      first: { path: first, run: runs[0].manifest },
      second: { path: second, run: runs[1].manifest },
      ...comparison,
    });
  else if (options.markdown) print(comparisonMarkdown(comparison, labels, flips));
  else {
    printComparison(comparison, labels, flips);
    await printFlips([...comparison.lost, ...comparison.won].slice(0, shown), runs, labels);
  }
}

/** Prints both trajectories of each flip, one after the other. */
async function printFlips(
  flips: readonly Flip[],
  runs: readonly [Run, Run],
  labels: readonly [string, string],
): Promise<void> {
  const held = await Promise.all([
    runTrajectories(runs[0], new Set(flips.map(({ first }) => first.trajectory))),
    runTrajectories(runs[1], new Set(flips.map(({ second }) => second.trajectory))),
  ]);
  for (const { question, first, second } of flips) {
    for (const [side, { trajectory: id }] of [first, second].entries()) {
      print();
      print(`${labels[side]}: ${oneLine(question, 120)}`);
      const trajectory = held[side]!.get(id);
      if (trajectory) printTrajectory(trajectory, shownReward(trajectory));
      else print(`Its trajectory ${oneLine(id, 60)} is not in ${runs[side]!.path}.`);
    }
  }
}

function openRun(path: string): Run {
  try {
    return readRun(path);
  } catch (error) {
    if (error instanceof RunFolderError) throw new CommandError(error.message, exitCodes.usage, { cause: error });
    throw error;
  }
}

function refusal(result: Exclude<CompareResult, { ok: true }>, first: string, second: string): CommandError {
  switch (result.kind) {
    case "unlike": {
      const fields = result.differences.map(
        ({ field, first: one, second: other }) => `${field} (${brief(one)} and ${brief(other)})`,
      );
      const top = [...new Set(result.differences.map(({ field }) => field.split(".")[0]!))];
      const allow = top.map((field) => `--allow ${field}`).join(" ");
      return new CommandError(
        `${first} and ${second} do not measure the same; they differ in ${fields.join(", ")}. ${allow} compares them all the same.`,
      );
    }
    case "incomplete": {
      const { path, rows, manifest } = result.run;
      return new CommandError(
        `${path} has ${rows.length} of ${manifest.sample.questions} questions; run its command again to finish it, or --allow sample compares what both have.`,
      );
    }
    case "nothing":
      return new CommandError(`The runs cannot be compared: ${result.reason}.`);
  }
}

/** What the two columns are called: the policies, or the folders where both runs are of one policy. */
function labelsOf(first: Run, second: Run): readonly [string, string] {
  const [one, other] = [first.manifest.policy.label, second.manifest.policy.label];
  return one === other ? [basename(resolve(first.path)), basename(resolve(second.path))] : [one, other];
}

/** A hash is told by its beginning. */
function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return /^"[0-9a-f]{64}"$/u.test(text) ? text.slice(1, 13) : text;
}
