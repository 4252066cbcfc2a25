import type { Interval } from "../../../server/evaluation/statistics/bootstrap.ts";

/** A Markdown table; the first column is of text, the others of numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

export function percent(value: number): string {
  return (100 * value).toFixed(1);
}

/** Mean and 95 % interval in percent. */
export function range({ mean, low, high }: Interval): string {
  return `${percent(mean)} (${percent(low)}–${percent(high)})`;
}
