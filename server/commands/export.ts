import { realpathSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Command } from "commander";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { BadRow } from "../trajectories/import/read-trajectories.ts";
import { chosenFormat, formatNames, tellRefused, writeFormat } from "./chosen-format.ts";
import { type TrajectoryChoice, chosenTrajectories } from "./chosen-trajectories.ts";
import { CommandError, exitCodes, note, printJson } from "./output.ts";
import { pageFrame, trajectoryArticle } from "./trajectory-page.ts";
import { openForWriting } from "./trajectories.ts";
import { visible } from "./visible-text.ts";
import { isFileFailure, whyUnwritten } from "../file-failure.ts";

export function addExportCommand(program: Command): void {
  program
    .command("export")
    .description("Write trajectories in another format, or as one page that stands alone: no script, nothing loaded.")
    .argument("<path>", "file of trajectories in any format that is read, or folder of documents")
    .option("--format <name>", `format to write: ${formatNames}`)
    .option("--html", "as a page of HTML")
    .requiredOption("-o, --output <file>", "file to write")
    .option("--id <id>", "this trajectory (default: all of a file, the latest of a folder)")
    .option("--profile <name>", "rollout profile to read texts with: a name or a JSON file (default: by their tags)")
    .option(
      "--reward <name>",
      "reward profile to score by (default: the recorded reward; for a page also the first that fits)",
    )
    .option("--tokenizer <path>", "tokenizer.json, or folder that has one, for records that hold token ids and no text")
    .option("--without-excluded", "leave out what was excluded from training in the viewer")
    .option("--json", "one JSON object on standard output")
    .action(async (path: string, options: ExportOptions) => {
      if ((options.format === undefined) === !options.html)
        throw new CommandError("Give either --format NAME or --html.", exitCodes.usage);
      const format = options.format === undefined ? undefined : chosenFormat(options.format);
      if (sameFile(path, options.output)) {
        throw new CommandError(
          "The export cannot be written over what it is made from; choose another file.",
          exitCodes.usage,
        );
      }
      const bad: BadRow[] = [];
      const { written, refused } = format
        ? await writeFormat(options.output, format, recordsOf(path, options, bad))
        : { written: await writePage(path, options, bad), refused: [] };
      tellRefused(refused);
      const count = `${written} ${written === 1 ? "trajectory" : "trajectories"}`;
      if (options.json) printJson({ output: options.output, format: format?.name ?? "html", written, refused, bad });
      else note(`${options.output}: ${count}.`);
    });
}

interface ExportOptions extends TrajectoryChoice {
  output: string;
  format?: string;
  html?: boolean;
  json?: boolean;
}

/** The trajectories as they are; a reward is theirs, or the one that was asked for. */
async function* recordsOf(path: string, options: ExportOptions, bad: BadRow[]): AsyncGenerator<Trajectory> {
  for await (const { trajectory, reward } of chosenTrajectories(path, options, bad))
    yield options.reward !== undefined && reward ? { ...trajectory, reward } : trajectory;
}

/** Writes beside the file first, so that a failure leaves no half of a page under its name. */
async function writePage(path: string, options: ExportOptions, bad: BadRow[]): Promise<number> {
  const partial = `${options.output}.partial`;
  const file = await openForWriting(partial, options.output);
  let count = 0;
  try {
    const { head, foot } = pageFrame(`Trajectories of ${basename(path)}`);
    await file.write(head);
    for await (const { trajectory, reward } of chosenTrajectories(path, options, bad)) {
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
    if (!isFileFailure(error)) throw error;
    throw new CommandError(
      `${visible(options.output)} ${whyUnwritten(error)}; choose another file.`,
      exitCodes.failed,
      { cause: error },
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
