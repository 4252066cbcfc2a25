import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { longLivedEnvironment } from "../../protocol/process-environment.ts";
import { failureInLog, logTail } from "../engine/engine-log.ts";
import { homesElsewhere } from "../home.ts";
import { askRun, readProcessRecord } from "./control-client.ts";
import { RunHostError } from "./run-host.ts";
import type { RunPaths } from "./run-paths.ts";

/** How a run's process is started: program and arguments, to which the run's folder is added. */
export interface RunCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A folder of documents may be read, and a program compiled, before the control channel is open. */
const patienceSeconds = 60;

/** Code with which a run's process says that another has the run. */
export const busyExitCode = 75;

/**
 * Starts a run's process so that it outlives this one, and resolves when its control channel answers. Throws `RunHostError`: `busy` where
 * another process has the run, `refused` with the log's last line where it ended before.
 */
export async function startRunProcess(paths: RunPaths, command: RunCommand, signal: AbortSignal): Promise<void> {
  const log = openSync(paths.log, "a", 0o600);
  const child = spawn(command.file, [...command.args, paths.folder], {
    cwd: paths.folder,
    // Electron as the language server's program is Node only when told.
    env: {
      ...process.env,
      ...longLivedEnvironment(process.env),
      ...homesElsewhere(),
      ...command.env,
      ELECTRON_RUN_AS_NODE: "1",
    },
    detached: true,
    stdio: ["ignore", log, log],
    windowsHide: true,
  });
  closeSync(log);
  let ended: string | undefined;
  let code: number | null = null;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (exit) => {
    code = exit;
    ended = failureInLog(logTail(paths.log)) ?? `it ended with code ${exit}`;
  });
  child.unref();
  const until = Date.now() + patienceSeconds * 1000;
  while (Date.now() < until) {
    signal.throwIfAborted();
    const record = readProcessRecord(paths.process);
    if (record && record.pid === child.pid) {
      try {
        return await askRun(record, "ping", signal, 5);
      } catch (error) {
        // A short run may have ended between the look and the question.
        if (ended === undefined && !signal.aborted) await wait(50);
        else if (code === 0) return;
        else throw error;
      }
    } else if (code === busyExitCode) {
      throw new RunHostError("busy", "Another process does this run already; attach to it.");
    } else if (ended !== undefined) {
      if (code === 0) return;
      throw new RunHostError("refused", `The run's process ended before it could be reached: ${ended}`);
    }
    await wait(30);
  }
  throw new RunHostError(
    "unreachable",
    `The run's process ${child.pid ?? ""} did not open its control channel within ${patienceSeconds} s; ${paths.log} says how far it came.`,
  );
}
