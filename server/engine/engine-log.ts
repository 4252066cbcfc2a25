import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";

/** Size at which a log is cut, and what is kept of it beside it. */
const largest = 8 * 2 ** 20;
const keptTail = 2 ** 20;
const lookEveryMilliseconds = 2_000;

/** Opens a log for appending; what an earlier engine wrote is kept as `….1`. */
export function openLog(file: string): number {
  if (existsSync(file)) renameSync(file, `${file}.1`);
  return openSync(file, "a");
}

/** Keeps a log small while an engine writes into it: appended text goes on at the new end after a cut. Answers how to stop. */
export function capLog(file: string, largestBytes = largest): () => void {
  const timer = setInterval(() => cutLog(file, largestBytes), lookEveryMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/** Cuts a log that is too large; its last part is kept as `….1`. Answers whether it was cut. */
export function cutLog(file: string, largestBytes = largest): boolean {
  try {
    if (statSync(file).size <= largestBytes) return false;
    writeFileSync(`${file}.1`, logTail(file, keptTail));
    truncateSync(file, 0);
    return true;
  } catch {
    // A folder that was removed, or a full disk: the log is not what an engine should end for.
    return false;
  }
}

/** The last part of a log; empty where there is none. */
export function logTail(file: string, bytes = 64 * 1024): string {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const read = readSync(fd, buffer, 0, buffer.byteLength, size - buffer.byteLength);
    return buffer.subarray(0, read).toString("utf8");
  } finally {
    closeSync(fd);
  }
}

/** What a log says of the end of an engine: the last line that names an error, without the logger's decoration. */
export function failureInLog(text: string): string | undefined {
  const lines = text
    .split("\n")
    .map((line) => line.replaceAll(/[│╭╰─╮╯]/gu, " ").trim())
    .filter((line) => line !== "" && !/Graceful shutdown|exiting API server|Application shutdown/.test(line));
  const telling = lines.findLast((line) =>
    /^(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b|^error:|\bERROR\b/.test(line),
  );
  return (telling ?? lines.at(-1))?.slice(0, 400);
}
