import { constants } from "node:os";

/** A failure that a person can act on: its message is one sentence that says what is missing and what to do. */
export class Failure extends Error {}

const began = Date.now();

/** One progress line on standard error, with the seconds since the start. */
export function say(text) {
  process.stderr.write(`[${String(Math.round((Date.now() - began) / 1000)).padStart(3)} s] ${text}\n`);
}

/**
 * Runs a script's main function, which answers an exit code or, of a process that was killed, the signal's name. A `Failure` is its
 * sentence and exit code 1, anything else shows its stack.
 */
export async function main(work) {
  try {
    const code = (await work()) ?? 0;
    process.exitCode = typeof code === "string" ? 128 + constants.signals[code] : code;
  } catch (error) {
    process.stderr.write(`${error instanceof Failure ? error.message : (diskFull(error) ?? error.stack)}\n`);
    process.exitCode = 1;
  }
}

/** The sentence for a full disk, or undefined when the error is something else. */
export function diskFull(error) {
  if (!/ENOSPC|no space left/i.test(`${error?.code} ${error?.message ?? error}`)) return undefined;
  return "The disk is full; free some space (set-up needs about 3 GB) and run the command again.";
}
