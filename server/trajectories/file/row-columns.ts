import { createHash } from "node:crypto";
import type { RightMeasure, TrajectoryRow } from "../../../protocol/trajectory-file.ts";
import { bytes, floats, Interned, wholes } from "./grown-column.ts";

/** Where a record stands in its file. */
export interface RecordPlace {
  offset: number;
  bytes: number;
  /** 1-based. */
  line: number;
  /** Which of the line's records, where a log holds several. */
  part: number;
}

/** Rollouts of one prompt in one step. */
export interface Cohort {
  step: number | undefined;
  group: string;
}

/** Bits of `right`: it is known whether the answer is right, and by which measures it is. */
const rightBits = { known: 1, cem1: 2, em: 4, f1: 8 } as const;

/**
 * What filters, orders and comparisons look at, a column of numbers for each: about 130 bytes a row, where a row as an object takes ten
 * times as much. A row is named by its key, its place in the columns. NaN stands for what a row lacks.
 */
export class RowColumns {
  /** Rows that were replaced or taken back: 1. */
  readonly gone = bytes();
  /** Rows that are not gone. */
  present = 0;
  readonly offset = floats();
  readonly bytes = wholes();
  readonly line = wholes();
  readonly part = wholes();
  readonly step = floats();
  readonly sample = floats();
  readonly reward = floats();
  readonly advantage = floats();
  readonly searches = floats();
  readonly length = floats();
  readonly right = bytes();
  /** Of the id, and of what names the row for what is said of it: `hashOf`. */
  readonly id = floats();
  readonly subject = floats();
  readonly stop = wholes();
  readonly question = wholes();
  readonly rules = wholes();
  readonly components = wholes();
  /** One more than the number of the cohort; 0 where the row tells no group. */
  readonly cohort = wholes();
  /** Where the points of the row's components begin in `points`. */
  readonly pointsAt = wholes();
  readonly points = floats();
  readonly stops = new Interned<string>();
  readonly questions = new Interned<string>();
  readonly ruleSets = new Interned<readonly string[]>();
  readonly componentSets = new Interned<readonly string[]>();
  readonly cohorts = new Interned<Cohort>();

  /** Rows that there are or were: keys are below it. */
  get count(): number {
    return this.gone.length;
  }

  /** Takes a row in; answers its key. */
  add(row: Omit<TrajectoryRow, "key" | "line">, { offset, bytes: taken, line, part }: RecordPlace): number {
    const { step, group, components, rules, right } = row;
    this.offset.push(offset);
    this.bytes.push(taken);
    this.line.push(line);
    this.part.push(part);
    this.step.push(step ?? Number.NaN);
    this.sample.push(row.sample ?? Number.NaN);
    this.reward.push(row.reward ?? Number.NaN);
    this.advantage.push(row.advantage ?? Number.NaN);
    this.searches.push(row.searches);
    this.length.push(row.length);
    this.right.push(
      right === undefined
        ? 0
        : rightBits.known +
            (right ? rightBits.cem1 : 0) +
            (row.rightAlso ?? []).reduce((sum, measure) => sum + rightBits[measure], 0),
    );
    this.id.push(hashOf(row.id));
    this.subject.push(hashOf(row.subject));
    this.stop.push(this.stops.number(row.stop, () => row.stop));
    this.question.push(this.questions.number(row.question, () => row.question));
    this.rules.push(this.ruleSets.number(JSON.stringify(rules), () => rules));
    const names = components.map(({ name }) => name);
    this.components.push(this.componentSets.number(JSON.stringify(names), () => names));
    this.pointsAt.push(this.points.length);
    for (const { points } of components) this.points.push(points);
    this.cohort.push(
      group === undefined ? 0 : 1 + this.cohorts.number(JSON.stringify([step, group]), () => ({ step, group })),
    );
    this.gone.push(0);
    this.present += 1;
    return this.count - 1;
  }

  remove(key: number): void {
    if (!this.has(key)) return;
    this.gone.values[key] = 1;
    this.present -= 1;
  }

  /** Whether a row's answer is right; undefined where that is not known. */
  isRight(key: number, by: RightMeasure = "cem1"): boolean | undefined {
    const bits = this.right.values[key]!;
    return (bits & rightBits.known) === 0 ? undefined : (bits & rightBits[by]) !== 0;
  }

  has(key: number): boolean {
    return key >= 0 && key < this.count && this.gone.values[key] === 0;
  }

  /** Keys of the rows that a test admits, in the order of the file. */
  keys(admits: (key: number) => boolean): Uint32Array<ArrayBuffer> {
    const found = wholes();
    for (let key = 0; key < this.count; key++) if (this.gone.values[key] === 0 && admits(key)) found.push(key);
    return found.values.slice(0, found.length);
  }

  place(key: number): RecordPlace {
    const [offset, taken] = [this.offset.values[key]!, this.bytes.values[key]!];
    return { offset, bytes: taken, line: this.line.values[key]!, part: this.part.values[key]! };
  }
}

/** 48 bits that tell texts apart; whoever must be sure compares the texts as well. */
export function hashOf(text: string): number {
  return createHash("sha1").update(text).digest().readUIntBE(0, 6);
}
