import { Command, CommanderError } from "commander";
import { addAskCommand } from "./commands/ask.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addCompareCommand } from "./commands/compare.ts";
import { addDataCommand } from "./commands/data.ts";
import { diskFailure } from "./commands/disk-failure.ts";
import { addDocumentsCommand } from "./commands/documents.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEvaluateCommand } from "./commands/evaluate.ts";
import { addExportCommand } from "./commands/export.ts";
import { addIndexCommand } from "./commands/index.ts";
import { addModelsCommand } from "./commands/models.ts";
import { CommandError, exitCodes, note } from "./commands/output.ts";
import { addProfilesCommand } from "./commands/profiles.ts";
import { addRetrievalCommand } from "./commands/retrieval.ts";
import { addRolloutsCommand } from "./commands/rollouts.ts";
import { addRunsCommand } from "./commands/runs.ts";
import { addScoreCommand } from "./commands/score.ts";
import { addSearchCommand } from "./commands/search.ts";
import { addRunServeCommand } from "./commands/serve.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addTrajectoriesCommand } from "./commands/trajectories.ts";
import { addTrainCommand } from "./commands/train.ts";
import { addTrainerCommand } from "./commands/trainer.ts";
import { tellWrongUsage } from "./commands/usage-errors.ts";
import { addViewCommand } from "./commands/view.ts";
import { version } from "./version.ts";

const helpEnd = `
Start with: searchlight ask DIR "QUESTION"

SEARCHLIGHT_HOME moves indexes and trajectories, SEARCHLIGHT_CACHE models and
tools. SEARCHLIGHT_API_KEY is the key of an endpoint; it is never an option.
SEARCHLIGHT_DEBUG=1 prints stacks.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
docs/cli.md tells of every command, and of the shape of every --json.`;

const program = new Command("searchlight")
  .description("Ask a project's documents, watch the search, verify every citation.")
  .version(version)
  .addHelpText("after", helpEnd);

for (const add of [
  addIndexCommand,
  addSearchCommand,
  addAskCommand,
  addTrajectoriesCommand,
  addViewCommand,
  addExportCommand,
  addStatusCommand,
  addDocumentsCommand,
  addProfilesCommand,
  addScoreCommand,
  addRolloutsCommand,
  addDataCommand,
  addEvaluateCommand,
  addCompareCommand,
  addAuditCommand,
  addRetrievalCommand,
  addModelsCommand,
  addTrainCommand,
  addRunsCommand,
  addRunServeCommand,
  addTrainerCommand,
  addDoctorCommand,
]) {
  add(program);
}

tellWrongUsage(program);

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const known = error instanceof CommandError ? error : diskFailure(error);
    if (known) {
      note(known.message);
      return known.exitCode;
    }
    const detail =
      error instanceof Error ? (process.env["SEARCHLIGHT_DEBUG"] ? error.stack : error.message) : String(error);
    note(`Something failed that should not have: ${detail}. SEARCHLIGHT_DEBUG=1 prints where.`);
    return exitCodes.failed;
  }
}

// Native libraries keep threads and handles alive after the work is done, so the end is explicit.
void main().then((code) => process.exit(code));
