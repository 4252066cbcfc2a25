import { lstatSync, readFileSync, rmSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { basename } from "node:path";
import { z } from "zod";
import type { RunAction } from "../../protocol/run.ts";
import { replaceFile } from "../durable-lines.ts";
import { type ProcessIdentity, isAlive } from "../process-identity.ts";
import { ControlAnswer, type ControlRequest, longestLine } from "./control-channel.ts";
import { RunHostError } from "./run-host.ts";
import { onLines } from "./socket-lines.ts";

const ProcessRecord = z.object({
  pid: z.int(),
  start: z.string(),
  address: z.string(),
  token: z.string(),
});
/** `process.json`: the process of a run, and how it is spoken to. */
export type ProcessRecord = z.infer<typeof ProcessRecord>;

export function writeProcessRecord(file: string, record: ProcessRecord): void {
  replaceFile(file, `${JSON.stringify(record)}\n`, 0o600);
}

/** The record of a process that lives; undefined where there is none, or one that a crash left behind. */
export function readProcessRecord(file: string): ProcessRecord | undefined {
  try {
    const record = ProcessRecord.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
    return record && isAlive(record satisfies ProcessIdentity) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the socket that a process which was killed left behind. Only for who has the run's lock, since then that process is gone. */
export function removeLeftSocket(file: string): void {
  try {
    const record = ProcessRecord.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
    if (record && /^[0-9a-f]{18}\.sock$/.test(basename(record.address)) && lstatSync(record.address).isSocket())
      rmSync(record.address);
  } catch {
    // There is none.
  }
}

/** Asks a run's process. Throws `RunHostError`: `unreachable` where it does not answer, `refused` where it will not. */
export async function askRun(
  record: ProcessRecord,
  ask: RunAction | "ping",
  signal: AbortSignal,
  seconds = 10,
): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const socket = connect(record.address);
  const answer = await new Promise<ControlAnswer>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(
        new RunHostError("unreachable", `The run's process ${record.pid} does not answer; look at its log.`, { cause }),
      );
    };
    limited.addEventListener("abort", () => fail(limited.reason), { once: true });
    socket.once("error", fail);
    socket.once("close", () => fail(undefined));
    onLines(socket, longestLine, (line) => {
      const parsed = readAnswer(line);
      if (parsed) resolve(parsed);
      else fail(undefined);
    });
    sendRequest(socket, { token: record.token, ask });
  }).finally(() => socket.destroy());
  if ("ok" in answer && !answer.ok) throw new RunHostError("refused", answer.message);
}

/** Calls back whenever the run's process has written events; answers how to stop. A process that goes away calls no more. */
export function followRun(record: ProcessRecord, onWrote: () => void): () => void {
  const socket = connect(record.address);
  socket.on("error", () => socket.destroy());
  socket.on("close", onWrote);
  onLines(socket, longestLine, onWrote);
  sendRequest(socket, { token: record.token, ask: "follow" });
  return () => {
    socket.off("close", onWrote);
    socket.destroy();
  };
}

function sendRequest(socket: Socket, request: ControlRequest): void {
  socket.write(`${JSON.stringify(request)}\n`);
}

function readAnswer(line: string): ControlAnswer | undefined {
  try {
    return ControlAnswer.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
