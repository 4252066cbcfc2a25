type Column = readonly (number | null)[];

/**
 * Exponential moving average with bias correction (Kingma and Ba 2015, §3): the first values are not drawn towards 0. `weight` in
 * [0, 1) is how much of the past is kept; 0 gives the values as they are. Steps without a value stay without one.
 */
export function smooth(values: Column, weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let mean = 0;
  let kept = 1;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    kept *= weight;
    return mean / (1 - kept);
  });
}

export interface Drawn {
  x: number[];
  columns: (number | null)[][];
}

/**
 * At most `most` points of a chart's series, all over the same x. Where there are more, each bucket of steps gives two points, its lowest
 * and highest value in the order they came, so that no spike is lost.
 */
export function downsample(x: readonly number[], columns: readonly Column[], most: number): Drawn {
  if (x.length <= most) return { x: [...x], columns: columns.map((column) => [...column]) };
  const size = Math.ceil(x.length / Math.max(1, Math.floor(most / 2)));
  const drawn: Drawn = { x: [], columns: columns.map(() => []) };
  for (let start = 0; start < x.length; start += size) {
    const end = Math.min(start + size, x.length);
    drawn.x.push(x[start]!);
    const two = end - start > 1;
    if (two) drawn.x.push(x[end - 1]!);
    columns.forEach((column, index) => {
      const [first, second] = extremes(column, start, end);
      drawn.columns[index]!.push(first);
      if (two) drawn.columns[index]!.push(second);
    });
  }
  return drawn;
}

function extremes(column: Column, start: number, end: number): [number | null, number | null] {
  let low = -1;
  let high = -1;
  for (let at = start; at < end; at++) {
    const value = column[at];
    if (value === null || value === undefined) continue;
    if (low === -1 || value < column[low]!) low = at;
    if (high === -1 || value > column[high]!) high = at;
  }
  if (low === -1) return [null, null];
  return low <= high ? [column[low]!, column[high]!] : [column[high]!, column[low]!];
}

/** Place of the step nearest to a value of the x axis; -1 where there is none. `x` rises. */
export function nearest(x: readonly number[], value: number): number {
  if (x.length === 0) return -1;
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - x[low - 1]! <= x[low]! - value ? low - 1 : low;
}
