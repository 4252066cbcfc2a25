import type { Command } from "commander";
import { memoryOf } from "../engine/process-group.ts";
import { type KnownEngine, knownEngines } from "../engine/engine-registry.ts";
import { getJson } from "../models/http.ts";
import { interruptSignal, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";

export function addStatusCommand(command: Command): void {
  command
    .command("status")
    .description("Engines that run on this machine, and those that an earlier crash left behind.")
    .option("--json", "one JSON object on standard output")
    .action(async (options: { json?: boolean }) => {
      const engines = await Promise.all(knownEngines().map((engine) => describe(engine, interruptSignal())));
      if (options.json) return printJson({ engines });
      if (engines.length === 0) print("No engine runs.");
      for (const { url, model, backend, owner, state, answers, processes, megabytes, home } of engines) {
        const what =
          state === "orphan"
            ? "orphan: who started it is gone; searchlight trainer stop ends it"
            : `started by a ${owner}`;
        print(visible(`${url}  ${backend}  ${answers ? "answers" : "does not answer"}  ${what}`));
        print(visible(`  model ${model}`));
        print(visible(`  processes ${processes.join(", ")}; ${megabytes} MB; files in ${home}`));
      }
    });
}

async function describe({ home, record, state, processes }: KnownEngine, signal: AbortSignal) {
  const { url, model, backend, device, owner, started } = record;
  const health = getJson(`${url}/api/v1/healthz`, { signal, seconds: 2, retries: 0, maxBytes: 2 ** 16 });
  const answers = await health.then(
    () => true,
    () => false,
  );
  const megabytes = Math.round(processes.reduce((sum, pid) => sum + memoryOf(pid), 0) / 2 ** 20);
  return { url, model, backend, device, owner, started, state, answers, processes, megabytes, home };
}
