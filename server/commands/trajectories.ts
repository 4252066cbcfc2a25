import { type FileHandle, open } from "node:fs/promises";
import type { Command } from "commander";
import { originCounts, segmentText } from "../../protocol/masks.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { openFolder } from "../home.ts";
import { type TrajectoryStore, openTrajectoryStore } from "../trajectories/store.ts";
import { CommandError, exitCodes, print, printJson } from "./output.ts";
import { existingFolder } from "./project-argument.ts";
import { oneLine, visible } from "./visible-text.ts";

export function addTrajectoriesCommand(program: Command): void {
  const command = program.command("trajectories").description("Past questions about a folder: list, show, export.");

  command
    .command("list")
    .description("Stored trajectories, latest first.")
    .argument("<dir>", "folder of documents")
    .option("-n, --limit <count>", "how many", "20")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, options: { limit: string; json?: boolean }) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) throw new CommandError("--limit takes a whole number from 1.", exitCodes.usage);
      await withStore(dir, async (store) => {
        const trajectories = await store.list(limit);
        if (options.json) return printJson({ trajectories });
        if (trajectories.length === 0) print("No question was asked about this folder so far.");
        for (const row of trajectories) {
          const end = row.status === "done" ? (row.abstained ? "not in these documents" : oneLine(row.stopReason ?? "", 40)) : row.status;
          print(`${oneLine(row.id, 64)}  ${row.createdAt.slice(0, 16).replace("T", " ")}  ${oneLine(row.question, 70)}  (${end}, ${row.searches} searches)`);
        }
      });
    });

  command
    .command("show")
    .description("One trajectory: segments, masked spans, searches, answer.")
    .argument("<dir>", "folder of documents")
    .argument("<id>")
    .option("--json", "the whole record as one JSON object")
    .action(async (dir: string, id: string, options: { json?: boolean }) => {
      await withStore(dir, async (store) => {
        const trajectory = await store.get(id);
        if (!trajectory) throw new CommandError(`There is no trajectory ${visible(id)} for this folder; searchlight trajectories list shows those there are.`);
        if (options.json) printJson({ trajectory });
        else printTrajectory(trajectory);
      });
    });

  command
    .command("export")
    .description("All trajectories as JSON lines.")
    .argument("<dir>", "folder of documents")
    .option("-o, --output <file>", "file to write; standard output when absent")
    .action(async (dir: string, options: { output?: string }) => {
      await withStore(dir, async (store) => {
        const file = options.output ? await openForWriting(options.output) : undefined;
        for (const { id } of (await store.list(Number.MAX_SAFE_INTEGER)).reverse()) {
          const trajectory = await store.get(id);
          if (!trajectory) continue;
          if (file) await file.write(`${JSON.stringify(trajectory)}\n`);
          else print(JSON.stringify(trajectory));
        }
        await file?.close();
      });
    });
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, "w");
  } catch (error) {
    throw new CommandError(`${visible(path)} cannot be written (${(error as NodeJS.ErrnoException).code}); choose another file.`);
  }
}

async function withStore(dir: string, use: (store: TrajectoryStore) => Promise<void>): Promise<void> {
  const store = await openTrajectoryStore(openFolder(existingFolder(dir)).trajectoriesHome);
  try {
    await use(store);
  } finally {
    store.close();
  }
}

/** Masked spans are labelled in words, so that they are told apart in a pipe and by a screen reader as well. */
function printTrajectory(trajectory: Trajectory): void {
  const counts = originCounts(trajectory.segments);
  print(`${oneLine(trajectory.id, 64)}  ${trajectory.createdAt}  ${trajectory.status}`);
  print(`Question: ${visible(trajectory.question)}`);
  print(`Policy: ${oneLine(trajectory.policy.label, 200)}   Profile: ${oneLine(trajectory.profile, 100)}   Stop: ${trajectory.stop?.reason ?? "running"}`);
  print(`${counts.policy} policy characters, ${counts.environment} masked (${Math.round(counts.maskedShare * 100)} %)`);
  for (const segment of trajectory.segments) {
    const masked = segment.origin === "environment" ? `, masked: ${segment.end - segment.start} characters, not trained on` : "";
    print(`\n[${segment.kind}, ${segment.origin}${masked}]`);
    print(visible(segmentText(trajectory, segment)));
  }
  if (trajectory.answer) print(`\n[${trajectory.answer.abstained ? "not in these documents" : "answer, checked"}]\n${visible(trajectory.answer.text)}`);
}
