import type { Command } from "commander";
import { findServers } from "../models/discover.ts";
import { checkMachine } from "../report.ts";
import { CommandError, interruptSignal, print, printJson } from "./output.ts";

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("Say what this machine can run: LanceDB, embedder, local model servers.")
    .option("--json", "one JSON object on standard output")
    .action(async (options: { json?: boolean }) => {
      const checks = await checkMachine();
      const models = await findServers(interruptSignal());
      const ok = checks.every((check) => check.ok);
      if (options.json) printJson({ ok, checks, models });
      else {
        for (const check of checks) print(`${check.ok ? "ok  " : "FAIL"}  ${check.name}: ${check.detail}`);
        print(
          `${models.length > 0 ? "ok  " : "none"}  Local models: ${models.length > 0 ? models.map((model) => model.policy).join(", ") : "no model server answers on its usual port; the extractive policy needs none"}`,
        );
      }
      if (!ok) throw new CommandError("Something Searchlight leans on is missing; the lines marked FAIL say what.");
    });
}
