import { spawn } from "node:child_process";
import { parse, resolve as resolved } from "node:path";

export interface ProgramOptions {
  env?: NodeJS.ProcessEnv;
  /** Absent: a folder that is nobody's. */
  cwd?: string;
  signal?: AbortSignal;
  seconds?: number;
  /** Called for each line of both outputs as it comes. */
  onLine?: (line: string) => void;
}

export interface ProgramResult {
  /** Exit code; -1 where the program could not be started, was ended by a signal, or ran past its time. */
  code: number;
  stdout: string;
  /** Also the reason where the program could not be started. */
  stderr: string;
}

/**
 * Python, uv and managers of versions read, and run, what lies in the folder that they are started in. That of a person at a terminal may be
 * a stranger's.
 */
const nobodysFolder = parse(process.execPath).root;

/** What is kept of each output. */
const keptCharacters = 2 ** 20;

/** Runs a program to its end without a shell and without input. Never rejects; an aborted signal ends the program. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    if (options.signal?.aborted) return resolve({ code: -1, stdout: "", stderr: "cancelled" });
    const child = spawn(/[\\/]/.test(file) ? resolved(file) : file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.env ? { env: options.env } : {}),
      cwd: options.cwd ?? nobodysFolder,
    });
    const kept = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let rest = "";
      child[name].setEncoding("utf8").on("data", (text: string) => {
        kept[name] = (kept[name] + text).slice(-keptCharacters);
        if (!options.onLine) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) options.onLine(line);
      });
    }
    const end = (): void => void child.kill("SIGKILL");
    const timer = options.seconds === undefined ? undefined : setTimeout(end, options.seconds * 1000);
    options.signal?.addEventListener("abort", end, { once: true });
    const finish = (code: number): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", end);
      resolve({ code, ...kept });
    };
    child.once("error", (error) => {
      kept.stderr += error.message;
      finish(-1);
    });
    child.once("close", (code) => finish(code ?? -1));
  });
}

/** The last line of a text that says something. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
