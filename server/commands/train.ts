import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { RunEvent } from "../../protocol/run.ts";
import { type DryRunCheck, checkDryRun } from "../runs/dry-run-checks.ts";
import { dryRunIterations } from "../runs/dry-run.ts";
import type { RecipeProblem, RunEstimate, RunHost } from "../runs/run-host.ts";
import { attachRun, detachedHint } from "./attach-run.ts";
import { asRunFailure, chosenRunHost } from "./chosen-run-host.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { estimateLines, problemLine } from "./run-print.ts";
import { visible } from "./visible-text.ts";

interface TrainOptions {
  dryRun?: boolean;
  detach?: boolean;
  estimate?: boolean;
  on?: string;
  yes?: boolean;
  key?: string;
  json?: boolean;
}

export function addTrainCommand(program: Command): void {
  program
    .command("train")
    .description("Train a policy by a recipe in a run that goes on when this program ends; Ctrl-C leaves it running.")
    .argument("<recipe>", "recipe file (*.recipe.jsonc)")
    .option("--dry-run", "two iterations with a tiny model on this machine's CPU; checks masks and rewards")
    .option("--estimate", "only says what the run would take")
    .option("--detach", "starts the run and ends")
    .option("--on <url>", "address of a searchlight serve; its token is in SEARCHLIGHT_TOKEN")
    .option("--yes", "does not ask before it starts")
    .option("--key <text>", "the same key again joins the run that it started")
    .option("--json", "JSON lines on standard output")
    .action((recipe: string, options: TrainOptions) =>
      train(recipe, options).catch((error: unknown) => {
        throw asRunFailure(error);
      }),
    );
}

async function train(recipe: string, options: TrainOptions): Promise<void> {
  const json = options.json === true;
  const signal = interruptSignal();
  const host = chosenRunHost(options.on);
  const { problems, estimate } = await host.check(recipe, signal);
  // A dry run needs neither the recipe's engine nor its model; what it needs itself is checked when it is launched.
  const stops = !options.dryRun && problems.some(({ severity }) => severity === "error");
  if (json && (stops || options.estimate)) printJson({ problems, ...(estimate ? { estimate } : {}) });
  if (!json) for (const problem of problems) note(problemLine(problem));
  if (stops) throw new CommandError("Nothing was started; mend the recipe and try again.", exitCodes.usage);
  if (!json && estimate && !options.dryRun) printEstimate(estimate);
  if (options.estimate) return;
  if (options.dryRun) return dryRun(host, recipe, options, { problems, estimate }, signal);
  if (!options.yes && !json && !(await agreed())) throw new CommandError("Nothing was started.", exitCodes.interrupted);
  const id = await launch(host, recipe, options, problems, signal);
  if (options.detach) {
    if (json) printJson({ id });
    else print(id);
    return detachedHint(id, options.on);
  }
  if (!json) print(`Run ${id}`);
  const done = await attachRun(host, id, { from: 0, json }, signal);
  if (signal.aborted) return detachedHint(id, options.on);
  if (done === undefined)
    throw new CommandError(
      "The run's process is gone and wrote no end; searchlight runs resume goes on from its last checkpoint.",
    );
  if (done.outcome === "failed") throw new CommandError(done.reason);
}

async function launch(
  host: RunHost,
  recipe: string,
  options: TrainOptions,
  said: readonly RecipeProblem[],
  signal: AbortSignal,
): Promise<string> {
  if (options.key !== undefined && (options.key.length < 8 || options.key.length > 200))
    throw new CommandError("--key takes 8 to 200 characters.", exitCodes.usage);
  const key = options.key ?? randomUUID();
  const launched = await host.launch(recipe, { key, dryRun: options.dryRun === true }, signal);
  if (launched.ok) return launched.id;
  // The check has told of most of them.
  const told = new Set(options.json ? [] : said.map(problemLine));
  for (const line of launched.problems.map(problemLine)) if (!told.has(line)) note(line);
  throw new CommandError("Nothing was started; mend the recipe and try again.", exitCodes.usage);
}

/** Passes only where every check does. */
async function dryRun(
  host: RunHost,
  recipe: string,
  options: TrainOptions,
  { problems, estimate }: { problems: readonly RecipeProblem[]; estimate?: RunEstimate | undefined },
  signal: AbortSignal,
): Promise<void> {
  const json = options.json === true;
  const id = await launch(host, recipe, options, problems, signal);
  if (!json) print(`Dry run ${id}`);
  // Nobody comes back to a dry run: whoever interrupts it ends it.
  signal.addEventListener("abort", () => void host.act(id, "stop", AbortSignal.timeout(5_000)).catch(() => {}), {
    once: true,
  });
  await attachRun(host, id, { from: 0, json }, signal);
  if (signal.aborted) throw new CommandError("The dry run was stopped.", exitCodes.interrupted);
  const checks = await checksOf(host, id, signal);
  if (json) printJson({ id, checks, ...(estimate ? { estimate } : {}) });
  else {
    for (const { ok, name, message } of checks) print(visible(`${ok ? "passed" : "FAILED"}  ${name}: ${message}`));
    print("The whole run would take:");
    if (estimate) printEstimate(estimate);
  }
  if (!checks.every(({ ok }) => ok))
    throw new CommandError(`The dry run failed; searchlight runs show ${id} has its log.`);
}

async function checksOf(host: RunHost, id: string, signal: AbortSignal): Promise<DryRunCheck[]> {
  const events: RunEvent[] = [];
  for await (const event of host.events(id, 0, signal)) events.push(event);
  const { recipe } = await host.details(id, signal);
  const trajectories = await host.trajectories(id, { latest: 1024 }, signal);
  const wanted = recipe.stages.reduce((sum, { iterations }) => sum + iterations, 0);
  return checkDryRun(events, trajectories, Math.min(dryRunIterations, wanted));
}

function printEstimate(estimate: RunEstimate): void {
  for (const line of estimateLines(estimate)) print(visible(line));
}

/** Without a terminal nobody can be asked, and the command itself counts as yes. */
async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^\s*(?:y|yes)?\s*$/i.test(await terminal.question("Start it? [Y/n] "));
  } finally {
    terminal.close();
  }
}
