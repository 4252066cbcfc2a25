import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { engineHome } from "../engine/engine-home.ts";
import { type KnownEngine, engineIn, knownEngines } from "../engine/engine-registry.ts";
import { endOrphans } from "../engine/orphans.ts";
import { CommandError, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";

export function addStopCommand(command: Command): void {
  command
    .command("stop")
    .description(
      "Stop engines that `trainer start` started, and those whose starter has gone; engines of runs are left to their runs.",
    )
    .option("--home <folder>", "only the engine of this folder, whoever started it")
    .option("--json", "one JSON object on standard output")
    .action(async (options: { home?: string; json?: boolean }) => {
      const engines = chosen(options.home);
      for (const engine of engines) await stop(engine);
      const stopped = engines.map(({ home, record, state }) => ({ url: record.url, home, state }));
      if (options.json) return printJson({ stopped });
      if (stopped.length === 0) print("No engine runs that this command would stop.");
      for (const { url, home, state } of stopped)
        print(visible(`Stopped ${state === "orphan" ? "the orphan" : "the engine"} at ${url} (${home}).`));
    });
}

function chosen(home: string | undefined): KnownEngine[] {
  if (home === undefined)
    return knownEngines().filter(({ record, state }) => state === "orphan" || record.owner === "command");
  const engine = engineIn(resolve(home));
  if (!engine) throw new CommandError(`No engine runs in ${home}.`);
  return [engine];
}

/** Through its holder where there is one, so that the holder knows; else by itself. */
async function stop({ home, record, state }: KnownEngine): Promise<void> {
  if (state === "held" && record.owner === "command") {
    process.kill(record.starter.pid, "SIGTERM");
    for (let waited = 0; waited < 15; waited += 0.1) {
      if (!engineIn(home)) return;
      await wait(100);
    }
  }
  await endOrphans(engineHome(home), record);
}
