import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { isLive } from "../../protocol/run-state.ts";
import type { RunAction } from "../../protocol/run.ts";
import { keepPolicy } from "../keep-policy.ts";
import type { RunHost } from "../runs/run-host.ts";
import { attachRun, detachedHint } from "./attach-run.ts";
import { asRunFailure, chosenRunHost } from "./chosen-run-host.ts";
import { counted } from "./counted.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { spendingText, summaryLine } from "./run-print.ts";
import { readCount } from "./trainer-options.ts";
import { type UsualCheckpoint, usualCheckpoint } from "./usual-checkpoint.ts";
import { visible } from "./visible-text.ts";

interface RunsOptions {
  on?: string;
  json?: boolean;
}

export function addRunsCommand(program: Command): void {
  const command = program
    .command("runs")
    .description("Training runs: list, look at, steer and remove them.")
    .action((options: RunsOptions, self: Command) => act(self, options, list));
  const sub = (name: string, about: string): Command =>
    shared(
      command
        .command(name)
        .description(about)
        .argument("<run>", "id of the run, or how it begins; last for the latest"),
    );
  shared(command);
  shared(command.command("list").description("All runs, the latest first.")).action(
    (options: RunsOptions, self: Command) => act(self, options, list),
  );
  sub("show", "State, checkpoints and spending of a run, and the end of its log.").action(
    (run: string, options: RunsOptions, self: Command) =>
      act(self, options, (host, all, signal) => show(host, run, all, signal)),
  );
  sub("attach", "What a run tells, from its beginning on; Ctrl-C leaves it running.")
    .option("--from <event>", "number of the first event", "0")
    .action((run: string, options: RunsOptions & { from: string }, self: Command) =>
      act(self, options, async (host, all, signal) => {
        const id = await idOf(host, run, signal);
        const done = await attachRun(
          host,
          id,
          { from: readCount("--from", options.from, 0), json: all.json === true },
          signal,
        );
        if (signal.aborted) return detachedHint(id, all.on);
        if (done?.outcome === "failed") throw new CommandError(done.reason);
      }),
    );
  const actions: [RunAction, string][] = [
    ["pause", "Hold a run after the work under way."],
    ["stop", "Save a run and end it."],
    ["checkpoint", "Save a run now; it goes on."],
  ];
  for (const [action, about] of actions)
    sub(action, about).action((run: string, options: RunsOptions, self: Command) =>
      act(self, options, async (host, all, signal) => {
        const id = await idOf(host, run, signal);
        await host.act(id, action, signal);
        if (all.json) printJson({ id, asked: action });
        else print(`Asked ${id} to ${action}.`);
      }),
    );
  sub("resume", "Let a paused run go on, or start one that ended again from its last checkpoint.").action(
    (run: string, options: RunsOptions, self: Command) =>
      act(self, options, async (host, all, signal) => {
        const id = await idOf(host, run, signal);
        const { summary } = await host.details(id, signal);
        // Also a pause that is asked and not yet in effect is taken back.
        if (isLive(summary.state)) await host.act(id, "resume", signal);
        else await host.resume(id, signal);
        if (all.json) printJson({ id, asked: "resume" });
        else print(`${id} goes on; searchlight runs attach ${id} shows it.`);
      }),
  );
  sub("rm", "Remove a run that does not live, with its checkpoints.").action(
    (run: string, options: RunsOptions, self: Command) =>
      act(self, options, async (host, all, signal) => {
        const id = await idOf(host, run, signal);
        await host.remove(id, signal);
        if (all.json) printJson({ id, removed: true });
        else print(`Removed ${id}.`);
      }),
  );
  sub("export", "Write the adapter of a checkpoint as a PEFT archive, which vLLM loads once it is unpacked.")
    .option("--checkpoint <name>", "name of the checkpoint; the best, else the latest with an adapter, where absent")
    .requiredOption("-o, --out <folder>", "folder to write to")
    .action((run: string, options: RunsOptions & { checkpoint?: string; out: string }, self: Command) =>
      act(self, options, (host, all, signal) => exportAdapter(host, run, options, all, signal)),
    );
  sub("keep", "Keep a checkpoint as a trained policy, which answers as --policy trained:NAME.")
    .option("--checkpoint <name>", "name of the checkpoint; the best, else the latest with an adapter, where absent")
    .action((run: string, options: RunsOptions & { checkpoint?: string }, self: Command) =>
      act(self, options, (host, all, signal) => keepCheckpoint(host, run, options, all, signal)),
    );
}

function shared(command: Command): Command {
  return command
    .option("--on <url>", "address of a searchlight serve; its token is in SEARCHLIGHT_TOKEN")
    .option("--json", "JSON on standard output");
}

/** A parent with the same option takes it before its subcommand does. */
async function act(
  self: Command,
  _options: RunsOptions,
  work: (host: RunHost, options: RunsOptions, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const options = self.optsWithGlobals<RunsOptions>();
  try {
    await work(chosenRunHost(options.on), options, interruptSignal());
  } catch (error) {
    throw asRunFailure(error);
  }
}

async function list(host: RunHost, { json }: RunsOptions, signal: AbortSignal): Promise<void> {
  const runs = await host.list(signal);
  if (json) return printJson({ runs });
  if (runs.length === 0) print("There is no run yet; searchlight train RECIPE starts one.");
  for (const run of runs) print(visible(summaryLine(run)));
}

async function show(host: RunHost, run: string, { json }: RunsOptions, signal: AbortSignal): Promise<void> {
  const id = await idOf(host, run, signal);
  const details = await host.details(id, signal);
  const log = await host.log(id, 10, signal);
  if (json) return printJson({ ...details, log });
  const { summary, folder, checkpoints } = details;
  print(visible(summaryLine(summary)));
  if (summary.spending) print(`Spent: ${spendingText(summary.spending)}`);
  if (folder !== undefined) print(visible(`Folder: ${folder}`));
  for (const { name, iteration, score, best } of checkpoints)
    print(
      visible(
        `Checkpoint ${name}: ${counted(iteration, "iteration")}${score === undefined ? "" : `, score ${score.toFixed(3)}`}${best ? ", best" : ""}`,
      ),
    );
  for (const line of log) print(visible(`  ${line}`));
}

async function exportAdapter(
  host: RunHost,
  run: string,
  { checkpoint, out }: { checkpoint?: string; out: string },
  { json }: RunsOptions,
  signal: AbortSignal,
): Promise<void> {
  const id = await idOf(host, run, signal);
  const details = await host.details(id, signal);
  const chosen: UsualCheckpoint =
    checkpoint === undefined ? usualCheckpoint(details.checkpoints) : { name: checkpoint };
  const { name, warning } = chosen;
  const bytes = await host.adapter(id, name, signal);
  mkdirSync(resolve(out), { recursive: true });
  const file = join(resolve(out), `${name.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.tar.gz`);
  if (existsSync(file)) throw new CommandError(`${file} is there already; give another folder.`, exitCodes.usage);
  writeFileSync(file, bytes);
  if (json) printJson({ id, checkpoint: name, file });
  else print(visible(`Wrote ${file}`));
  if (warning !== undefined) note(warning);
}

async function keepCheckpoint(
  host: RunHost,
  run: string,
  { checkpoint }: { checkpoint?: string },
  { json }: RunsOptions,
  signal: AbortSignal,
): Promise<void> {
  const id = await idOf(host, run, signal);
  const details = await host.details(id, signal);
  const chosen: UsualCheckpoint =
    checkpoint === undefined ? usualCheckpoint(details.checkpoints) : { name: checkpoint };
  const { name, warning } = chosen;
  const policy = await keepPolicy(details, name, await host.adapter(id, name, signal));
  if (json) printJson({ id, checkpoint: name, policy });
  else print(visible(`Kept ${name} as ${policy}; ask with --policy ${policy}.`));
  if (warning !== undefined) note(warning);
}

/** A run by its id, by how the id begins or ends, or the latest. */
async function idOf(host: RunHost, given: string, signal: AbortSignal): Promise<string> {
  const text = given.toUpperCase();
  if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(text)) return text;
  const ids = (await host.list(signal)).map(({ id }) => id);
  const found =
    given === "last"
      ? ids.slice(0, 1)
      : ids.filter((id) => text.length >= 4 && (id.startsWith(text) || id.endsWith(text)));
  if (found.length === 1) return found[0]!;
  throw new CommandError(
    found.length === 0
      ? `There is no run ${given}; searchlight runs lists them.`
      : `${found.length} runs are called ${given}; give more of the id.`,
    exitCodes.usage,
  );
}
