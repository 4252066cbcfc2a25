import type { Command } from "commander";
import type { BadRow } from "../trajectories/import/read-trajectories.ts";
import { type ChosenTrajectory, type TrajectoryChoice, chosenTrajectories } from "./chosen-trajectories.ts";
import { print, printJson, readerGone } from "./output.ts";
import { printTrajectory } from "./trajectory-print.ts";

export function addViewCommand(program: Command): void {
  program
    .command("view")
    .description("Print trajectories: segments and their mask, searches, answer, the rule that cost each point.")
    .argument("<path>", "file of trajectories in any format that is read, or folder of documents")
    .option("--id <id>", "this trajectory (default: all of a file, the latest of a folder)")
    .option("--profile <name>", "rollout profile to read texts with: a name or a JSON file (default: by their tags)")
    .option("--reward <name>", "reward profile to score by (default: the recorded reward, or the first that fits)")
    .option("--tokenizer <path>", "tokenizer.json, or folder that has one, for records that hold token ids and no text")
    .option("--json", "one JSON object on standard output")
    .action(async (path: string, options: TrajectoryChoice & { json?: boolean }) => {
      const bad: BadRow[] = [];
      const records: { trajectory: ChosenTrajectory["trajectory"]; reward: ChosenTrajectory["reward"] | null }[] = [];
      let first = true;
      for await (const { trajectory, reward } of chosenTrajectories(path, options, bad)) {
        if (options.json) records.push({ trajectory, reward: reward ?? null });
        else {
          if (!first) print();
          printTrajectory(trajectory, reward);
        }
        first = false;
        if (readerGone()) return;
      }
      if (options.json) printJson({ trajectories: records, bad });
    });
}
