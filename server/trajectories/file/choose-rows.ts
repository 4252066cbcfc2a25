import type { Annotations } from "../../../protocol/annotations.ts";
import type { RowFilter, RowPage, RowSort, TrajectoryRow } from "../../../protocol/trajectory-file.ts";

const facetLimit = 200;

/** Whether a row meets a filter, text aside: that is not in the row. */
export function meets(row: TrajectoryRow, filter: RowFilter): boolean {
  const { id, step, group, question, rule, stop, searches, component, least, most } = filter;
  if (id !== undefined && row.id !== id) return false;
  if (step !== undefined && row.step !== step) return false;
  if (group !== undefined && row.group !== group) return false;
  if (question !== undefined && row.question !== question) return false;
  if (rule !== undefined && !row.rules.includes(rule)) return false;
  if (stop !== undefined && row.stop !== stop) return false;
  if (searches !== undefined && row.searches !== searches) return false;
  const points = pointsOf(row, component);
  if (component !== undefined && points === undefined) return false;
  if (least !== undefined && !(points !== undefined && points >= least)) return false;
  return !(most !== undefined && !(points !== undefined && points <= most));
}

/** Whether what is said of a row meets a filter. */
export function marksMeet({ tags, excluded, notes }: Annotations, { tag, marked }: RowFilter): boolean {
  if (tag !== undefined && !tags.includes(tag)) return false;
  if (marked === undefined) return true;
  return marked === "noted" ? notes.length > 0 : excluded === (marked === "excluded");
}

/** Rows in order; those that lack the value come last either way, equal ones stay in the order of the file. */
export function sorted(
  rows: readonly TrajectoryRow[],
  { key, descending }: RowSort,
  component?: string,
): TrajectoryRow[] {
  const sign = descending ? -1 : 1;
  const value = (row: TrajectoryRow): number | string | undefined =>
    key === "reward" ? pointsOf(row, component) : row[key];
  return [...rows].sort((a, b) => {
    const left = value(a);
    const right = value(b);
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    if (left === right) return 0;
    return (left < right ? -1 : 1) * sign;
  });
}

/** The values that rows have, for the choices of a filter. */
export function facetsOf(rows: readonly TrajectoryRow[], marks: Iterable<Annotations>): RowPage["facets"] {
  const steps = new Set<number>();
  const stops = new Set<string>();
  const rules = new Set<string>();
  const components = new Set<string>();
  const tags = new Set([...marks].flatMap((each) => each.tags));
  for (const row of rows) {
    if (row.step !== undefined) steps.add(row.step);
    stops.add(row.stop);
    for (const rule of row.rules) rules.add(rule);
    for (const { name } of row.components) components.add(name);
  }
  const some = (values: Set<string>): string[] => [...values].sort().slice(0, facetLimit);
  return {
    steps: [...steps].sort((a, b) => a - b).slice(0, facetLimit),
    stops: some(stops),
    rules: some(rules),
    components: some(components),
    tags: some(tags),
  };
}

/** Names a group within a file: rollouts of one prompt in one step. Undefined where the row tells no group. */
export function groupKey({ step, group }: Pick<TrajectoryRow, "step" | "group">): string | undefined {
  return group === undefined ? undefined : JSON.stringify([step ?? null, group]);
}

/** Of each group with more than one reward, by `groupKey`, whether its rewards are all equal. */
export function zeroVarianceGroups(rows: readonly TrajectoryRow[]): ReadonlyMap<string, boolean> {
  const ranges = new Map<string, { low: number; high: number; count: number }>();
  for (const row of rows) {
    const { reward } = row;
    const group = groupKey(row);
    if (group === undefined || reward === undefined) continue;
    const range = ranges.get(group) ?? { low: Infinity, high: -Infinity, count: 0 };
    ranges.set(group, {
      low: Math.min(range.low, reward),
      high: Math.max(range.high, reward),
      count: range.count + 1,
    });
  }
  return new Map([...ranges].flatMap(([group, { low, high, count }]) => (count > 1 ? [[group, low === high]] : [])));
}

function pointsOf(row: TrajectoryRow, component: string | undefined): number | undefined {
  return component === undefined ? row.reward : row.components.find(({ name }) => name === component)?.points;
}
