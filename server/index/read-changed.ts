import type { SkippedFile } from "../../protocol/index-status.ts";
import type { DocumentOutcome } from "../documents/document-worker.ts";
import type { Scan, ScannedFile } from "../documents/scan.ts";
import type { Holdings } from "./holdings.ts";
import { type CommitPlan, planCommit } from "./plan-commit.ts";

/** Files read at the same time: the reader always has the next one at hand. */
const readAtOnce = 4;
/** The first words are searchable early, after that fewer and larger commits keep the tables fast. */
const firstFiles = 64;
const filesPerCommit = 512;
const passagesPerCommit = 4_000;
const millisecondsPerCommit = 3_000;

export interface ReadingWatch {
  signal: AbortSignal;
  /** Files that are skipped until they change are read as well: what took too long once may not do so again. */
  retry?: boolean;
  /** Awaited before each file: a pause holds it. */
  ready(): Promise<void>;
  read(file: ScannedFile, signal: AbortSignal): Promise<DocumentOutcome>;
  commit(plan: CommitPlan): Promise<void>;
  /** Files done, files in all, files per second, seconds left. */
  progress(done: number, total: number, rate: number, etaSeconds: number): void;
}

/**
 * Reads what changed, in groups that are searchable as soon as they are committed; the next group is read while one is committed. Gives the
 * files that are skipped, and whether anything was committed. What is read when the work is stopped between two commits is read again.
 */
export async function readChanged(
  holdings: Holdings,
  scan: Scan,
  watch: ReadingWatch,
): Promise<{ skipped: SkippedFile[]; changed: boolean }> {
  const present = new Set(scan.files.map(({ path }) => path));
  const gone = [...holdings.files.keys()].filter((path) => !present.has(path));
  const changed = scan.files.filter((file) => {
    const known = holdings.files.get(file.path);
    if (!known || known.size !== file.size || known.modified !== file.modified) return true;
    return watch.retry === true && known.hash === "";
  });
  const unread = new Set(changed.map(({ path }) => path));
  const skipped = [
    ...scan.skipped,
    ...holdings.skipped.filter((entry) => present.has(entry.path) && !unread.has(entry.path)),
  ];
  const commit = async (plan: CommitPlan): Promise<void> => {
    await watch.commit(plan);
    skipped.push(...plan.skipped);
  };
  if (gone.length > 0) await commit(planCommit(holdings.files, new Map(), gone));

  const started = performance.now();
  let committing: Promise<void> = Promise.resolve();
  let done = 0;
  let group: Group = new Map();
  let passages = 0;
  let since = performance.now();
  const flush = async (): Promise<void> => {
    await committing;
    const read = group;
    [group, passages, since] = [new Map(), 0, performance.now()];
    committing = commit(planCommit(holdings.files, read, [])).then(() => {
      done += read.size;
      const rate = (done / (performance.now() - started)) * 1000;
      watch.progress(done, changed.length, rate, (changed.length - done) / rate);
    });
    // Awaited at the next flush; until then a failure is not yet anyone's.
    committing.catch(() => undefined);
  };
  try {
    for await (const { file, outcome } of readAhead(changed, watch)) {
      group.set(file.path, { file, outcome });
      if (outcome.kind === "read") passages += outcome.passages.length;
      const enough = done === 0 ? firstFiles : filesPerCommit;
      const due = performance.now() - since >= millisecondsPerCommit;
      if (group.size >= enough || passages >= passagesPerCommit || due) await flush();
    }
    if (group.size > 0) await flush();
  } finally {
    await committing;
  }
  return { skipped, changed: gone.length > 0 || changed.length > 0 };
}

type Group = Map<string, { file: ScannedFile; outcome: DocumentOutcome }>;

/** Outcomes in the order of the files, with a few files read ahead. */
async function* readAhead(
  files: readonly ScannedFile[],
  { signal, ready, read }: ReadingWatch,
): AsyncGenerator<{ file: ScannedFile; outcome: DocumentOutcome }> {
  const running: Promise<{ file: ScannedFile; outcome: DocumentOutcome }>[] = [];
  for (const file of files) {
    await ready();
    signal.throwIfAborted();
    const reading = read(file, signal).then((outcome) => ({ file, outcome }));
    reading.catch(() => undefined);
    running.push(reading);
    if (running.length >= readAtOnce) yield await running.shift()!;
  }
  while (running.length > 0) yield await running.shift()!;
}
