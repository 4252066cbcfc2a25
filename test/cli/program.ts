import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The terminal program on a copy of the sample handbook and a data folder of its own. */
export interface Program extends Disposable {
  folder: string;
  dataHome: string;
  /** Runs the program to its end. `env` is added to the environment. */
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** Runs it with `--json` and parses its standard output; fails when that is not one JSON object. */
  json(args: readonly string[]): Promise<Record<string, unknown>>;
  /** Starts it, with its end to be waited for: for signals in the middle. */
  start(args: readonly string[], env?: Record<string, string>): { child: ChildProcess; ended: Promise<Ended> };
}

export function program(): Program {
  const home = mkdtempSync(join(tmpdir(), "searchlight-cli-"));
  const folder = join(home, "observatory");
  const dataHome = join(home, "data");
  cpSync("samples/observatory", folder, { recursive: true });
  const start = (args: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, ["dist/cli.js", ...args], {
      env: { ...process.env, SEARCHLIGHT_HOME: dataHome, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, ended };
  };
  const run = (args: readonly string[], env?: Record<string, string>) => start(args, env).ended;
  return {
    folder,
    dataHome,
    start,
    run,
    async json(args) {
      const { stdout, stderr } = await run([...args, "--json"]);
      try {
        return JSON.parse(stdout) as Record<string, unknown>;
      } catch {
        throw new Error(`Not one JSON object: ${stdout.slice(0, 500)}\n${stderr.slice(0, 500)}`);
      }
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}
