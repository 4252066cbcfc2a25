import { dirname } from "node:path";
import { type AnnotationChange, type Annotations, annotationsPath } from "../../protocol/annotations.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { AnnotationFile } from "../trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../trajectories/annotations/subject.ts";
import type { FileRecord, RowFilter, RowPage, RowQuery, TrajectoryRow } from "../../protocol/trajectory-file.ts";
import { facetsOf, groupKey, marksMeet, meets, sorted, zeroVarianceGroups } from "../trajectories/file/choose-rows.ts";
import { flipCounts, flipMeets, pairRows, type RowPairs } from "../trajectories/file/pair-rows.ts";
import { RowIndex } from "../trajectories/file/row-index.ts";
import { rowsHolding, scanBytes, type TextMatches } from "../trajectories/text/rows-holding.ts";
import { removeOldTextIndexes, TextFinder, textIndexHome } from "../trajectories/text/text-finder.ts";
import { textSearch } from "../trajectories/text/text-search.ts";
import { inspectTrajectory, type ResolvePlace } from "./inspect-trajectory.ts";
import { trajectoryRow } from "./trajectory-row.ts";

/** A list shows what is known by then; a long file is read on behind it. */
const patienceMilliseconds = 150;
const problemsShown = 20;

/** What was worked out of all rows of one version of a file. */
interface Derived {
  version: number;
  /** Of the notes beside it. */
  notes: number;
  facets: RowPage["facets"];
  zeroVariance: ReadonlyMap<string, boolean>;
}

interface OpenFile {
  index: RowIndex;
  annotations: AnnotationFile;
  derived?: Derived;
  /** Its rows with those of another file, of one version of both. */
  pairs?: { other: RowIndex; versions: string; of: RowPairs };
  /** The index of its words, where it is so long that searches need one. */
  finder?: TextFinder;
  /** The rows that hold a text, of one version. */
  texts?: { text: string; version: number; found: TextMatches };
}

/**
 * The files of trajectories that editors show. A file is read once and then by ranges; the webview gets pages of rows and single
 * records and never the file.
 */
export class TrajectoryFiles {
  readonly #open = new Map<string, OpenFile>();
  readonly #signal: AbortSignal;
  readonly #patience: number;
  readonly #textHome: (path: string) => string;

  /**
   * The signal ends all reading; `patience` is how many milliseconds a page waits for the file to be read, `textHome` where the index
   * of a file's words is kept.
   */
  constructor(signal: AbortSignal, patience = patienceMilliseconds, textHome = textIndexHome) {
    this.#signal = signal;
    this.#patience = patience;
    this.#textHome = textHome;
    signal.addEventListener("abort", () => {
      for (const { finder } of this.#open.values()) finder?.close();
    });
  }

  /** Rows of a file, compared with those of the file `against` where one is given. */
  async page(path: string, query: RowQuery, signal: AbortSignal, against?: string): Promise<RowPage> {
    const other = against === undefined ? undefined : this.#file(against).index;
    await other?.catchUp(this.#patience, this.#signal);
    const file = this.#file(path);
    const { index } = file;
    await index.catchUp(this.#patience, this.#signal);
    if (index.bytes > scanBytes) {
      file.finder ??= this.#openFinder(path);
      file.finder.look();
    }
    file.annotations.refresh();
    const { rows, searched, complete } = await this.#matching(file, query.filter, other, signal);
    const pairs = other && pairsOf(file, other);
    const { facets, zeroVariance } = derivedOf(file);
    const ordered = sorted(rows, query.sort, query.filter.component);
    const at = query.locate === undefined ? -1 : ordered.findIndex(({ key }) => key === query.locate);
    return {
      ...(at < 0 ? {} : { located: { key: query.locate!, index: at } }),
      reading: index.id,
      rows: ordered
        .slice(query.offset, query.offset + query.limit)
        .map((row) => shownRow(row, zeroVariance.get(groupKey(row) ?? ""), file.annotations.of(row.subject)))
        .map((row) => pairedRow(row, pairs?.get(row.key))),
      matched: ordered.length,
      total: index.rows.length,
      problems: index.problems.slice(0, problemsShown),
      problemCount: index.problemCount,
      bytes: index.bytes,
      read: complete ? index.bytes : index.read,
      ...(pairs ? { flips: flipCounts(index.rows, pairs) } : {}),
      complete: complete && searched === undefined && (other?.complete ?? true),
      ...(searched === undefined ? {} : { searched }),
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
    const { index, annotations } = this.#file(path);
    const trajectory = await index.record(key);
    if (!trajectory) return null;
    annotations.refresh();
    return {
      key,
      trajectory,
      annotations: annotations.of(subjectOf(trajectory)),
      ...(await inspectTrajectory(trajectory, folders, resolve)),
    };
  }

  /** One record alone; undefined where the file has no such record any more. */
  trajectory(path: string, key: number): Promise<Trajectory | undefined> {
    return this.#file(path).index.record(key);
  }

  /** Writes down what a person said of a record; null where the file has no such record any more. */
  async annotate(path: string, key: number, change: AnnotationChange): Promise<Annotations | null> {
    const trajectory = await this.trajectory(path, key);
    return trajectory ? this.#file(path).annotations.add(subjectOf(trajectory), change) : null;
  }

  close(path: string): void {
    this.#open.get(path)?.finder?.close();
    this.#open.delete(path);
  }

  #openFinder(path: string): TextFinder {
    const home = this.#textHome(path);
    removeOldTextIndexes(dirname(home));
    return new TextFinder(path, home);
  }

  #file(path: string): OpenFile {
    let file = this.#open.get(path);
    if (!file) {
      file = {
        index: new RowIndex(path, trajectoryRow),
        annotations: new AnnotationFile(annotationsPath(path)),
      };
      this.#open.set(path, file);
    }
    return file;
  }

  /** The rows that meet a filter; `searched` tells how many bytes were searched for its text where that is not the whole file. */
  async #matching(
    file: OpenFile,
    filter: RowFilter,
    other: RowIndex | undefined,
    signal: AbortSignal,
  ): Promise<{ rows: TrajectoryRow[]; complete: boolean; searched?: number }> {
    const { index, annotations } = file;
    const { version, complete } = index;
    const pairs = other && filter.flip !== undefined ? pairsOf(file, other) : undefined;
    const fits = (row: TrajectoryRow): boolean =>
      meets(row, filter) &&
      marksMeet(annotations.of(row.subject), filter) &&
      (!pairs || flipMeets(row, pairs.get(row.key), filter.flip));
    const search = textSearch(filter.text ?? "");
    if (!search) return { rows: index.rows.filter(fits), complete };
    const text = filter.text!;
    let found = file.texts?.text === text && file.texts.version === version ? file.texts.found : undefined;
    if (!found || found.searched !== undefined) {
      found = await rowsHolding(index, file.finder, search, signal);
      if (signal.aborted) return { rows: [], complete: false };
      file.texts = { text, version, found };
    }
    const { keys, searched } = found;
    return {
      rows: index.rows.filter((row) => keys.has(row.key) && fits(row)),
      // Rows that came while the text was looked for are not among them.
      complete: complete && index.version === version,
      ...(searched === undefined ? {} : { searched }),
    };
  }
}

function pairsOf(file: OpenFile, other: RowIndex): RowPairs {
  const versions = `${file.index.version}:${other.version}`;
  if (file.pairs?.other !== other || file.pairs.versions !== versions)
    file.pairs = { other, versions, of: pairRows(file.index.rows, other.rows) };
  return file.pairs.of;
}

function pairedRow(row: TrajectoryRow, pair: TrajectoryRow | undefined): TrajectoryRow {
  if (!pair) return row;
  const { key, line, right, reward, maskedShare, strip } = pair;
  return {
    ...row,
    pair: {
      key,
      line,
      maskedShare,
      strip,
      ...(right === undefined ? {} : { right }),
      ...(reward === undefined ? {} : { reward }),
    },
  };
}

function derivedOf(file: OpenFile): Derived {
  const { rows, version } = file.index;
  const { version: notes, all } = file.annotations;
  if (file.derived?.version !== version || file.derived.notes !== notes)
    file.derived = {
      version,
      notes,
      facets: facetsOf(rows, all.values()),
      zeroVariance: zeroVarianceGroups(rows),
    };
  return file.derived;
}

/** A row with what depends on other rows and on people. */
function shownRow(
  row: TrajectoryRow,
  flat: boolean | undefined,
  { tags, excluded, notes }: Annotations,
): TrajectoryRow {
  return {
    ...row,
    ...(flat === undefined ? {} : { zeroVariance: flat }),
    ...(tags.length > 0 || excluded || notes.length > 0 ? { annotated: { tags, excluded, notes: notes.length } } : {}),
  };
}
