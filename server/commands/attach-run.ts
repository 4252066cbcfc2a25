import type { RunEvent } from "../../protocol/run.ts";
import type { RunHost } from "../runs/run-host.ts";
import { jsonVersion, note, print } from "./output.ts";
import { runLine, spendingText, statusLine } from "./run-print.ts";
import { visible } from "./visible-text.ts";

export interface AttachOptions {
  readonly from: number;
  /** Events as JSON lines on standard output instead of text. */
  readonly json: boolean;
}

/**
 * Prints what a run tells until it ends or the signal fires. Answers its end, or undefined where the signal came first.
 */
export async function attachRun(
  host: RunHost,
  id: string,
  { from, json }: AttachOptions,
  signal: AbortSignal,
): Promise<Extract<RunEvent, { type: "done" }> | undefined> {
  let done: Extract<RunEvent, { type: "done" }> | undefined;
  let spending: string | undefined;
  const overwrite = process.stderr.isTTY && !json;
  for await (const event of host.events(id, from, signal)) {
    if (event.type === "done") done = event;
    // A resume begins another life.
    if (event.type === "launched") done = undefined;
    if (json) {
      print(JSON.stringify({ version: jsonVersion, ...event }));
      continue;
    }
    if (event.type === "spending") spending = spendingText(event.spending);
    const status = overwrite ? statusLine(event) : undefined;
    if (status) process.stderr.write(`\r\u001b[K${visible(status)}`);
    const line = runLine(event);
    if (line === undefined) continue;
    if (overwrite) process.stderr.write("\r\u001b[K");
    const told = event.type === "iteration" && spending ? `${line}  (${spending})` : line;
    print(visible(`${event.at.slice(11, 19)}  ${told}`));
  }
  return signal.aborted ? undefined : done;
}

/** How to come back to a run that goes on. */
export function detachedHint(id: string, on: string | undefined): void {
  const where = on === undefined ? "" : ` --on ${on}`;
  note(
    `The run goes on. searchlight runs attach ${id}${where} shows it, searchlight runs stop ${id}${where} stops it.`,
  );
}
