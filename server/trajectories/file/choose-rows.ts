import { type Annotations, noAnnotations } from "../../../protocol/annotations.ts";
import type { RowFilter, RowPage, RowSort } from "../../../protocol/trajectory-file.ts";
import { hashOf, type RowColumns } from "./row-columns.ts";

const facetLimit = 200;

export type Keys = Uint32Array<ArrayBuffer>;

/** Whether the row of a key meets a filter, text and comparison aside: those are not in the columns. */
export function admitting(columns: RowColumns, filter: RowFilter): (key: number) => boolean {
  const { id, step, group, prompt, question, rule, stop, searches, component, least, most } = filter;
  const tests: ((key: number) => boolean)[] = [];
  const equal = ({ values }: { values: ArrayLike<number> }, wanted: number | undefined): void => {
    if (wanted !== undefined) tests.push((key) => values[key] === wanted);
  };
  const among = ({ values }: { values: ArrayLike<number> }, wanted: readonly boolean[]): void => {
    tests.push((key) => wanted[values[key]!] === true);
  };
  equal(columns.id, id === undefined ? undefined : hashOf(id));
  equal(columns.step, step);
  equal(columns.searches, searches);
  if (stop !== undefined) equal(columns.stop, columns.stops.values.indexOf(stop));
  if (question !== undefined) equal(columns.question, columns.questions.values.indexOf(question));
  if (group !== undefined)
    among(columns.cohort, [false, ...columns.cohorts.values.map((each) => each.group === group)]);
  if (prompt !== undefined) {
    const wanted = prompt.trim().toLowerCase();
    const holding = (text: string): boolean => text.toLowerCase().includes(wanted);
    const questions = columns.questions.values.map(holding);
    const cohorts = [false, ...columns.cohorts.values.map((each) => holding(each.group))];
    const { question: ofRow, cohort } = columns;
    tests.push((key) => questions[ofRow.values[key]!] === true || cohorts[cohort.values[key]!] === true);
  }
  if (rule !== undefined)
    among(
      columns.rules,
      columns.ruleSets.values.map((rules) => rules.includes(rule)),
    );
  if (component !== undefined || least !== undefined || most !== undefined) {
    const points = pointsOf(columns, component);
    tests.push((key) => !Number.isNaN(points(key)));
    if (least !== undefined) tests.push((key) => points(key) >= least);
    if (most !== undefined) tests.push((key) => points(key) <= most);
  }
  return (key) => tests.every((test) => test(key));
}

/** Whether what is said of a row meets a filter, by what is said of every row that something is said of. */
export function admittingMarks(
  columns: RowColumns,
  filter: RowFilter,
  marks: ReadonlyMap<string, Annotations>,
): (key: number) => boolean {
  if (filter.tag === undefined && filter.marked === undefined) return () => true;
  const unmarked = marksMeet(noAnnotations, filter);
  const marked = new Map([...marks].map(([subject, said]) => [hashOf(subject), marksMeet(said, filter)]));
  return (key) => marked.get(columns.subject.values[key]!) ?? unmarked;
}

/** Whether what is said of one trajectory meets a filter. */
export function marksMeet(
  { tags, excluded, notes }: Annotations,
  { tag, marked }: Pick<RowFilter, "tag" | "marked">,
): boolean {
  if (tag !== undefined && !tags.includes(tag)) return false;
  if (marked === undefined) return true;
  return marked === "noted" ? notes.length > 0 : excluded === (marked === "excluded");
}

/** Keys in order; rows that lack the value come last either way, equal ones stay in the order of the file. */
export function sorted(columns: RowColumns, keys: Keys, { key: by, descending }: RowSort, component?: string): Keys {
  if (by === "line" && !descending) return keys;
  const value = valueOf(columns, by, component);
  const values = new Float64Array(columns.count);
  for (const key of keys) values[key] = value(key);
  const sign = descending ? -1 : 1;
  return keys.toSorted((a, b) => {
    const [left, right] = [values[a]!, values[b]!];
    if (left === right) return a - b;
    if (left < right) return -sign;
    if (left > right) return sign;
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b;
  });
}

/** The values that rows have, for the choices of a filter. */
export function facetsOf(columns: RowColumns, marks: Iterable<Annotations>): RowPage["facets"] {
  const steps = new Set<number>();
  const [stops, ruleSets, componentSets] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (let key = 0; key < columns.count; key++) {
    if (columns.gone.values[key] === 1) continue;
    const step = columns.step.values[key]!;
    if (!Number.isNaN(step)) steps.add(step);
    stops.add(columns.stop.values[key]!);
    ruleSets.add(columns.rules.values[key]!);
    componentSets.add(columns.components.values[key]!);
  }
  const some = (values: Iterable<string>): string[] => [...new Set(values)].sort().slice(0, facetLimit);
  return {
    steps: [...steps].sort((a, b) => a - b).slice(0, facetLimit),
    stops: some([...stops].map((at) => columns.stops.values[at]!)),
    rules: some([...ruleSets].flatMap((at) => columns.ruleSets.values[at]!)),
    components: some([...componentSets].flatMap((at) => columns.componentSets.values[at]!)),
    tags: some([...marks].flatMap(({ tags }) => tags)),
  };
}

/** Whether the rewards of a row's group are all equal; undefined for a row without a group or one that is alone in it with a reward. */
export function flatGroups(columns: RowColumns): (key: number) => boolean | undefined {
  const groups = columns.cohorts.values.length + 1;
  const [low, high] = [new Float64Array(groups).fill(Infinity), new Float64Array(groups).fill(-Infinity)];
  const counts = new Uint32Array(groups);
  for (let key = 0; key < columns.count; key++) {
    const [reward, cohort] = [columns.reward.values[key]!, columns.cohort.values[key]!];
    if (columns.gone.values[key] === 1 || Number.isNaN(reward)) continue;
    low[cohort] = Math.min(low[cohort]!, reward);
    high[cohort] = Math.max(high[cohort]!, reward);
    counts[cohort]! += 1;
  }
  return (key) => {
    const cohort = columns.cohort.values[key]!;
    return cohort === 0 || counts[cohort]! < 2 ? undefined : low[cohort] === high[cohort];
  };
}

/** What rows are put in order by, as a number for each. */
function valueOf(columns: RowColumns, by: RowSort["key"], component: string | undefined): (key: number) => number {
  if (by === "reward") return pointsOf(columns, component);
  if (by !== "question") return (key) => columns[by].values[key]!;
  const { values } = columns.questions;
  const ranks = new Uint32Array(values.length);
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a]! < values[b]! ? -1 : 1));
  for (const [rank, question] of order.entries()) ranks[question] = rank;
  return (key) => ranks[columns.question.values[key]!]!;
}

/** The points of a component, or the reward where none is named; NaN where a row has none. */
function pointsOf(columns: RowColumns, component: string | undefined): (key: number) => number {
  if (component === undefined) return (key) => columns.reward.values[key]!;
  const places = columns.componentSets.values.map((names) => names.indexOf(component));
  return (key) => {
    const place = places[columns.components.values[key]!]!;
    return place < 0 ? Number.NaN : columns.points.values[columns.pointsAt.values[key]! + place]!;
  };
}
