import { type ChildProcess, spawn } from "node:child_process";
import { sshFailed, sshFailure } from "./ssh-failure.ts";
import { readyLine } from "./start-engine.ts";

/** A running ssh. */
export interface Ssh {
  readonly child: ChildProcess;
  /** Its exit code, its signal, or the code of a failure to start. */
  readonly over: Promise<number | string>;
  /** Resolves when the engine says that it has loaded its model. */
  readonly ready: Promise<void>;
  /** What its end means, where ssh itself failed in a way that is known. */
  sentence(host: string, code: number | string): string | undefined;
}

/** Starts ssh, hands on all it says as it comes, and keeps the end of what it says for the sentence at its end. */
export function startSsh(args: readonly string[], onSaid: (text: string, stream: "stdout" | "stderr") => void): Ssh {
  // Out of this process's group: Ctrl-C is for this program, which ends the engine before the connection.
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  child.stdin.on("error", () => {});
  let said = "";
  let loaded = (): void => {};
  const ready = new Promise<void>((resolve) => (loaded = resolve));
  for (const stream of ["stderr", "stdout"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(readyLine)) loaded();
      said = said.slice(-4096);
      onSaid(text, stream);
    });
  const over = new Promise<number | string>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    // All that it said is read by then.
    child.once("close", (code, signal) => resolve(code ?? signal ?? "nothing"));
  });
  return {
    child,
    over,
    ready,
    sentence(host, code) {
      if (code === "ENOENT") return "ssh is not installed on this machine; install OpenSSH's client.";
      return code === sshFailed ? sshFailure(host, said) : undefined;
    },
  };
}
