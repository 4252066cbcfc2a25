import { parentPort, workerData } from "node:worker_threads";
import { isBusy, isDamage, TextIndex } from "./text-index.ts";

/** What the worker is told. */
export type ToTextWorker = { kind: "look" } | { kind: "find"; id: number; match: string } | { kind: "close" };

/** What it says. `unusable` is its last word, with a sentence. */
export type FromTextWorker =
  | { kind: "found"; id: number; lines: Uint32Array<ArrayBuffer>; covered: number }
  | { kind: "covered"; bytes: number; idle: boolean }
  | { kind: "unusable"; reason: string };

export interface TextWorkerData {
  /** The file of trajectories, and where its index is kept. */
  path: string;
  home: string;
}

const busyMilliseconds = 1000;

/**
 * Keeps the index of one file, in a thread of its own: SQLite's calls hold their thread up. It takes in the file piece by piece and
 * answers searches in between.
 */
async function run(): Promise<void> {
  const { path, home } = workerData as TextWorkerData;
  const port = parentPort!;
  const say = (message: FromTextWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const index = await TextIndex.open(path, home);
  let closing = false;
  let looked = true;
  let wake = (): void => undefined;
  port.on("message", (message: ToTextWorker) => {
    if (message.kind === "find") {
      index
        .find(message.match)
        .then(({ lines, covered }) => say({ kind: "found", id: message.id, lines, covered }, [lines.buffer]), fail);
      return;
    }
    if (message.kind === "close") closing = true;
    else looked = true;
    wake();
  });
  const pause = async (): Promise<void> => {
    // A turn of the event loop, in which messages come in.
    await new Promise((resolve) => setImmediate(resolve));
    if (closing) throw new Closing();
    say({ kind: "covered", bytes: index.covered, idle: false });
  };
  try {
    while (!closing) {
      looked = false;
      try {
        await index.catchUp(pause);
        say({ kind: "covered", bytes: index.covered, idle: true });
      } catch (error) {
        if (!isBusy(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, busyMilliseconds));
        looked = true;
      }
      if (!looked && !closing) await new Promise<void>((resolve) => (wake = resolve));
    }
  } catch (error) {
    if (!(error instanceof Closing)) throw error;
  } finally {
    index.close();
  }
}

class Closing extends Error {}

/** A damaged index goes, so that the next opening makes it anew. */
function fail(error: unknown): void {
  if (isDamage(error)) TextIndex.remove((workerData as TextWorkerData).home);
  const reason = error instanceof Error ? error.message : String(error);
  parentPort!.postMessage({ kind: "unusable", reason } satisfies FromTextWorker);
}

void run()
  .catch(fail)
  .finally(() => parentPort!.close());
