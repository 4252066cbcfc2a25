import { z } from "zod";
import type { FileRecord, RowFilter, RowPage, RowQuery, TrajectoryRow } from "../../protocol/trajectory-file.ts";
import { facetsOf, groupKey, meets, sorted, zeroVarianceGroups } from "../trajectories/file/choose-rows.ts";
import { recordsOf, RowIndex } from "../trajectories/file/row-index.ts";
import { inspectTrajectory, type ResolvePlace } from "./inspect-trajectory.ts";
import { trajectoryRow } from "./trajectory-row.ts";

/** A list shows what is known by then; a long file is read on behind it. */
const patienceMilliseconds = 150;
const problemsShown = 20;

/** What was worked out of all rows of one version of a file. */
interface Derived {
  version: number;
  facets: RowPage["facets"];
  zeroVariance: ReadonlyMap<string, boolean>;
}

interface OpenFile {
  index: RowIndex;
  derived?: Derived;
  /** Keys of the rows whose records hold a text, of one version. */
  texts?: { text: string; version: number; keys: ReadonlySet<number> };
}

/**
 * The files of trajectories that editors show. A file is read once and then by ranges; the webview gets pages of rows and single
 * records and never the file.
 */
export class TrajectoryFiles {
  readonly #open = new Map<string, OpenFile>();
  readonly #signal: AbortSignal;
  readonly #patience: number;

  /** The signal ends all reading; `patience` is how many milliseconds a page waits for the file to be read. */
  constructor(signal: AbortSignal, patience = patienceMilliseconds) {
    this.#signal = signal;
    this.#patience = patience;
  }

  async page(path: string, query: RowQuery, signal: AbortSignal): Promise<RowPage> {
    const file = this.#file(path);
    const { index } = file;
    await index.catchUp(this.#patience, this.#signal);
    const { facets, zeroVariance } = derivedOf(file);
    const rows = await this.#matching(file, query.filter, signal);
    const ordered = sorted(rows, query.sort, query.filter.component);
    const at = query.locate === undefined ? -1 : ordered.findIndex(({ key }) => key === query.locate);
    return {
      ...(at < 0 ? {} : { located: { key: query.locate!, index: at } }),
      reading: index.id,
      rows: ordered.slice(query.offset, query.offset + query.limit).map((row) => {
        const flat = zeroVariance.get(groupKey(row) ?? "");
        return flat === undefined ? row : { ...row, zeroVariance: flat };
      }),
      matched: ordered.length,
      total: index.rows.length,
      problems: index.problems.slice(0, problemsShown),
      problemCount: index.problemCount,
      bytes: index.bytes,
      read: index.complete ? index.bytes : index.read,
      complete: index.complete,
      facets,
    };
  }

  /** One record with what is worked out of it; null where the file has no such record any more. */
  async record(
    path: string,
    key: number,
    folders: ReadonlySet<string>,
    resolve: ResolvePlace,
  ): Promise<FileRecord | null> {
    const trajectory = await this.#file(path).index.record(key);
    if (!trajectory) return null;
    return { key, trajectory, ...(await inspectTrajectory(trajectory, folders, resolve)) };
  }

  close(path: string): void {
    this.#open.delete(path);
  }

  #file(path: string): OpenFile {
    let file = this.#open.get(path);
    if (!file) {
      file = { index: new RowIndex(path, trajectoryRow) };
      this.#open.set(path, file);
    }
    return file;
  }

  async #matching(file: OpenFile, filter: RowFilter, signal: AbortSignal): Promise<TrajectoryRow[]> {
    const rows = file.index.rows.filter((row) => meets(row, filter));
    const text = filter.text?.trim().toLowerCase();
    if (!text) return rows;
    const { version } = file.index;
    if (file.texts?.text !== text || file.texts.version !== version) {
      const keys = await keysHolding(file.index, text, signal);
      if (signal.aborted) return [];
      file.texts = { text, version, keys };
    }
    const { keys } = file.texts;
    return rows.filter(({ key }) => keys.has(key));
  }
}

function derivedOf(file: OpenFile): Derived {
  const { rows, version } = file.index;
  if (file.derived?.version !== version)
    file.derived = { version, facets: facetsOf(rows), zeroVariance: zeroVarianceGroups(rows) };
  return file.derived;
}

async function keysHolding(index: RowIndex, text: string, signal: AbortSignal): Promise<Set<number>> {
  const found = new Set<number>();
  for await (const { records: of, text: line } of index.lines(text, signal)) {
    const texts = textsOf(line);
    for (const { part, key } of of) {
      if (texts[part]?.some((each) => each.toLowerCase().includes(text))) found.add(key);
    }
  }
  return found;
}

/** What a search looks at, and nothing more: the line was proven to hold a trajectory when its row was made. */
const OwnTexts = z.object({
  segments: z.array(z.unknown()),
  question: z.string(),
  text: z.string(),
  searches: z.array(z.looseObject({ query: z.string() })),
});

/** The texts of each record of a line that a search looks at: question, transcript and queries. */
function textsOf(line: string): string[][] {
  const own = OwnTexts.safeParse(parsedOrUndefined(line));
  const records = own.success ? [own.data] : recordsOf(Buffer.from(line), "", 1).map(({ trajectory }) => trajectory);
  return records.map((record) =>
    record ? [record.question, record.text, ...record.searches.map(({ query }) => query)] : [],
  );
}

function parsedOrUndefined(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
