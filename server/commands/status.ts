import type { Command } from "commander";
import { type IndexStatus, describeSkipped } from "../../protocol/index-status.ts";
import { counted } from "./counted.ts";
import { print, printJson } from "./output.ts";
import { openCommandProject } from "./project-argument.ts";
import { oneLine, visible } from "./visible-text.ts";

export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("State of a folder's index: counts, coverage, reason, skipped files.")
    .argument("<dir>", "folder of documents")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, options: { embedder: string; json?: boolean }) => {
      await using project = await openCommandProject(dir, options.embedder);
      const status = project.index.status();
      if (options.json) return printJson({ status, added: project.indexes.slice(1).map((index) => index.status()) });
      print(describeStatus(status));
      for (const index of project.indexes.slice(1)) print(describeStatus(index.status()));
      const skipped = describeSkipped(status.skipped);
      if (skipped) print(`${oneLine(skipped, 2_000)}.`);
      for (const { at, message } of status.errors ?? []) print(`failed ${at}: ${oneLine(message, 400)}`);
      for (const { path, reason } of status.skipped) print(`skipped ${oneLine(path, 400)}: ${oneLine(reason, 200)}`);
    });
}

/** A folder's index in one line. */
export function describeStatus(status: IndexStatus): string {
  const said = `${visible(status.folder.name)}: ${status.state === "none" ? "no index" : status.state}. ${visible(status.reason)}`;
  if (status.state === "none") return said;
  const vectors = status.embedder ? `, ${status.vectors.done} of ${status.vectors.total} vectors` : "";
  return `${said} ${counted(status.files, "file")}, ${counted(status.passages, "passage")}${vectors}.`;
}
