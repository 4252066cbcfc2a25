import type { Command } from "commander";
import { describeSkipped } from "../../protocol/index-status.ts";
import { addIndexActions, refuseWhilePaused } from "./index-actions.ts";
import { updateWithProgress } from "./index-progress.ts";
import { interruptSignal, note, print, printJson } from "./output.ts";
import { openCommandProject } from "./project-argument.ts";
import { describeStatus } from "./status.ts";

export function addIndexCommand(program: Command): void {
  const index = program
    .command("index")
    .description("Bring the index of a folder up to date: words first, then vectors; only what changed.")
    .argument("<dir>", "folder of documents")
    .option("--rebuild", "start over")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, options: { rebuild?: boolean; embedder: string; json?: boolean }) => {
      const signal = interruptSignal();
      await using project = await openCommandProject(dir, options.embedder);
      refuseWhilePaused(project.index.status().state, dir);
      const started = performance.now();
      const update = await updateWithProgress(project, {
        json: options.json === true,
        until: "vectors",
        ...(options.rebuild ? { how: "rebuild" as const } : {}),
        signal,
      });
      await update.done;
      const status = project.index.status();
      const seconds = (performance.now() - started) / 1000;
      if (options.json)
        return printJson({ status, added: project.indexes.slice(1).map((index) => index.status()), seconds });
      if (status.role === "reader") note("Another Searchlight keeps this index; this is its state.");
      print(`${describeStatus(status)}  (${seconds.toFixed(1)} s)`);
      for (const index of project.indexes.slice(1)) print(describeStatus(index.status()));
      const skipped = describeSkipped(status.skipped);
      if (skipped) note(`${skipped}; searchlight status lists them.`);
    });
  addIndexActions(index);
}
