import { writeSync } from "node:fs";
import { visible } from "./visible-text.ts";

/** Exit codes of the terminal program, as `docs/cli.md` lists them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Version of every `--json` output; it changes when a field changes its meaning or goes. */
export const jsonVersion = 1;

/** A failure the person can act on: one sentence, no stack. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** Prints one JSON object on standard output. Written synchronously so that a pipe gets all of it before the exit. */
export function printJson(value: object): void {
  writeAll(1, `${JSON.stringify({ version: jsonVersion, ...value })}\n`);
}

/** Prints a line for a person on standard output. */
export function print(line = ""): void {
  writeAll(1, `${line}\n`);
}

/**
 * Prints a line about the work itself (progress, warnings) on standard error, so that output can be piped. It may quote a
 * server, a path or a document, so nothing in it is obeyed by a terminal.
 */
export function note(line: string): void {
  writeAll(2, `${visible(line)}\n`);
}

/** True once the reader of standard output has gone (`| head`): whatever is still to be printed is for nobody. */
export function readerGone(): boolean {
  return gone;
}

let gone = false;

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      // A full pipe answers EAGAIN; a reader that went away (`| head`) answers EPIPE and is no failure of ours.
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") continue;
      if (code === "EPIPE") {
        gone ||= fd === 1;
        return;
      }
      throw error;
    }
  }
}

/** A signal that Ctrl-C aborts. A second Ctrl-C ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new CommandError("Stopped.", exitCodes.interrupted));
  });
  return controller.signal;
}
