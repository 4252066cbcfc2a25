import type { Command } from "commander";
import { checkMachine } from "../engine/check-machine.ts";
import { CommandError, interruptSignal, print, printJson } from "./output.ts";

export function addDoctorCommand(command: Command): void {
  command
    .command("doctor")
    .description("Say which engine this machine can run, and what is missing.")
    .option("--json", "one JSON object on standard output")
    .action(async (options: { json?: boolean }) => {
      const { facts, gpus, backends } = await checkMachine(interruptSignal());
      const ok = backends.some(({ state }) => state !== "not-here") && facts.every((fact) => fact.ok !== false);
      if (options.json) printJson({ ok, facts, gpus, backends });
      else {
        for (const fact of facts)
          print(`${fact.ok === undefined ? "    " : fact.ok ? "ok  " : "FAIL"}  ${fact.name}: ${fact.detail}`);
        for (const { state, detail } of backends) print(`${state === "not-here" ? "no  " : "yes "}  ${detail}`);
      }
      if (!ok) throw new CommandError("This machine cannot run an engine as it is; the lines above say why.");
    });
}
