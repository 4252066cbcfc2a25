import { resolve } from "node:path";
import { RunHostError } from "./run-host.ts";
import { runProcess } from "./run-process.ts";
import type { RunWork } from "./run-work.ts";
import { busyExitCode } from "./start-process.ts";

/**
 * The process of a run as a program: its one argument is the run's folder. Its exit code is 0 once an end was recorded, whatever end; the
 * last line of what it prints says why it could not start.
 */
export async function runEntry(work: RunWork, args: readonly string[] = process.argv.slice(2)): Promise<never> {
  // The terminal or editor that started it may go away.
  process.on("SIGHUP", () => {});
  const [folder] = args;
  if (folder === undefined) {
    console.error("Give the folder of a run; searchlight train makes one.");
    process.exit(2);
  }
  try {
    const { outcome, reason } = await runProcess(resolve(folder), work);
    console.error(`${outcome}: ${reason}`);
    // Libraries keep threads and handles alive after the work is done.
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(error instanceof RunHostError && error.kind === "busy" ? busyExitCode : 1);
  }
}
