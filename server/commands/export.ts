import { realpathSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import { type TrajectoryChoice, chosenTrajectories } from "./chosen-trajectories.ts";
import { CommandError, exitCodes, note } from "./output.ts";
import { pageFrame, trajectoryArticle } from "./trajectory-page.ts";
import { openForWriting } from "./trajectories.ts";
import { visible } from "./visible-text.ts";

export function addExportCommand(program: Command): void {
  program
    .command("export")
    .description("Write trajectories as one page that stands alone: no script, nothing loaded.")
    .argument("<path>", "file of trajectories, in any form that score reads, or folder of documents")
    .requiredOption("--html", "as a page of HTML")
    .requiredOption("-o, --output <file>", "file to write")
    .option("--id <id>", "this trajectory (default: all of a file, the latest of a folder)")
    .option("--profile <name>", "rollout profile to read texts with: a name or a JSON file (default: by their tags)")
    .option("--reward <name>", "reward profile to score by (default: the recorded reward, or the first that fits)")
    .action(async (path: string, options: TrajectoryChoice & { output: string }) => {
      if (sameFile(path, options.output)) {
        throw new CommandError(
          "The page cannot be written over what it is made from; choose another file.",
          exitCodes.usage,
        );
      }
      const count = await writePage(path, options);
      note(`${options.output}: ${count} ${count === 1 ? "trajectory" : "trajectories"}.`);
    });
}

/** Writes beside the file first, so that a failure leaves no half of a page under its name. */
async function writePage(path: string, options: TrajectoryChoice & { output: string }): Promise<number> {
  const partial = `${options.output}.partial`;
  const file = await openForWriting(partial);
  let count = 0;
  try {
    const { head, foot } = pageFrame(`Trajectories of ${basename(path)}`);
    await file.write(head);
    for await (const { trajectory, reward } of chosenTrajectories(path, options)) {
      await file.write(`${trajectoryArticle(trajectory, reward)}\n`);
      count++;
    }
    await file.write(foot);
    await file.close();
    await rename(partial, options.output);
    return count;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    if (error instanceof CommandError || !(error as NodeJS.ErrnoException).code) throw error;
    throw new CommandError(
      `${visible(options.output)} cannot be written (${(error as NodeJS.ErrnoException).code}); choose another file.`,
      exitCodes.failed,
      {
        cause: error,
      },
    );
  }
}

function sameFile(first: string, second: string): boolean {
  try {
    return realpathSync(first) === realpathSync(second);
  } catch {
    return false;
  }
}
