import { dirname } from "node:path";
import { type AnnotationChange, type Annotations, annotationsPath } from "../../protocol/annotations.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { AnnotationFile } from "../trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../trajectories/annotations/subject.ts";
import type { FileRecord, RightMeasure, RowPage, RowQuery, TrajectoryRow } from "../../protocol/trajectory-file.ts";
import {
  admitting,
  admittingMarks,
  facetsOf,
  flatGroups,
  type Keys,
  sorted,
} from "../trajectories/file/choose-rows.ts";
import { admittingFlips, flipCounts, pairRows, type RowPairs } from "../trajectories/file/pair-rows.ts";
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
  flat: (key: number) => boolean | undefined;
}

/** The keys that met a filter, in order. */
interface Choice {
  /** What it was made of: filter and order, and the versions of rows and notes. */
  of: string;
  keys: Keys;
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
  /** Scrolling asks for the same rows again. */
  choice?: Choice;
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
    // Rows come first: what makes the index of words would take half of the processor from them.
    if (index.bytes > scanBytes && (index.complete || query.filter.text !== undefined)) {
      file.finder ??= this.#openFinder(path);
      file.finder.look();
    }
    file.annotations.refresh();
    const { keys, searched, complete } = await this.#chosen(file, query, other, signal);
    const pairs = other && pairsOf(file, other);
    const { facets, flat } = derivedOf(file);
    const { columns } = index;
    const by = rightBy(query.filter.rightBy);
    const at = query.locate === undefined ? -1 : keys.indexOf(query.locate - index.base);
    const shown = [...keys.subarray(query.offset, query.offset + query.limit)].filter((key) => columns.has(key));
    return {
      ...(at < 0 ? {} : { located: { key: query.locate!, index: at } }),
      reading: index.id,
      rows: shown.map((key) => {
        const row = index.row(key);
        const pair = pairs?.[key] ?? 0;
        return pairedRow(
          shownRow(by(row), flat(key), file.annotations.of(row.subject)),
          pair > 0 && other ? by(other.row(pair - 1)) : undefined,
        );
      }),
      matched: keys.length,
      total: columns.present,
      problems: index.problems.slice(0, problemsShown),
      problemCount: index.problemCount,
      bytes: index.bytes,
      read: complete ? index.bytes : index.read,
      ...(pairs ? { flips: flipCounts(columns, other!.columns, pairs, query.filter.rightBy) } : {}),
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
    const file = this.#open.get(path);
    file?.finder?.close();
    file?.index.close();
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

  /** The keys that meet a filter; `searched` tells how many bytes were searched for its text where that is not the whole file. */
  async #chosen(
    file: OpenFile,
    { filter, sort }: RowQuery,
    other: RowIndex | undefined,
    signal: AbortSignal,
  ): Promise<{ keys: Keys; complete: boolean; searched?: number }> {
    const { index, annotations } = file;
    const { version, complete, columns } = index;
    const search = textSearch(filter.text ?? "");
    let found: TextMatches | undefined;
    if (search) {
      const text = filter.text!;
      found = file.texts?.text === text && file.texts.version === version ? file.texts.found : undefined;
      if (!found || found.searched !== undefined) {
        found = await rowsHolding(index, file.finder, search, signal);
        if (signal.aborted) return { keys: new Uint32Array(), complete: false };
        file.texts = { text, version, found };
        delete file.choice;
      }
    }
    // Rows that came while the text was looked for are not among them.
    const whole = complete && (!search || index.version === version);
    const versions = [index.id, index.version, annotations.version, other?.id, other?.version];
    const of = JSON.stringify([filter, sort, versions]);
    if (file.choice?.of !== of) {
      const tests = [
        ...(found ? [found.holds] : []),
        admitting(columns, filter),
        admittingMarks(columns, filter, annotations.all),
        ...(other && filter.flip !== undefined
          ? [admittingFlips(columns, other.columns, pairsOf(file, other), filter)]
          : []),
      ];
      const keys = columns.keys((key) => tests.every((test) => test(key)));
      file.choice = { of, keys: sorted(columns, keys, sort, filter.component) };
    }
    return {
      keys: file.choice.keys,
      complete: whole,
      ...(found?.searched === undefined ? {} : { searched: found.searched }),
    };
  }
}

function pairsOf(file: OpenFile, other: RowIndex): RowPairs {
  const versions = `${file.index.version}:${other.version}`;
  if (file.pairs?.other !== other || file.pairs.versions !== versions)
    file.pairs = { other, versions, of: pairRows(file.index.columns, other.columns) };
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
  const { columns, version } = file.index;
  const { version: notes, all } = file.annotations;
  if (file.derived?.version !== version || file.derived.notes !== notes)
    file.derived = {
      version,
      notes,
      facets: facetsOf(columns, all.values()),
      flat: flatGroups(columns),
    };
  return file.derived;
}

/** Rows as a measure has them right or wrong. */
function rightBy(measure: RightMeasure = "cem1"): (row: TrajectoryRow) => TrajectoryRow {
  if (measure === "cem1") return (row) => row;
  return (row) => (row.rightAlso ? { ...row, right: row.rightAlso.includes(measure) } : row);
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
