import type { SkippedFile } from "../../protocol/index-status.ts";

/** Number formats take long to load, so that waits for the first number. */
export function number(value: number): string {
  return value.toLocaleString("en");
}

/** `1 file`, `2 files`. */
export function count(value: number, thing: string): string {
  return `${number(value)} ${value === 1 ? thing : `${thing}s`}`;
}

/** `12 of 30 vectors`, and `30 vectors` once all are there. */
export function vectorsText({ done, total }: { done: number; total: number }): string {
  return done === total ? count(total, "vector") : `${number(done)} of ${count(total, "vector")}`;
}

/** Files that were skipped; one entry may stand for very many. */
export function countSkipped(skipped: readonly SkippedFile[]): number {
  return skipped.reduce((sum, { count: files = 1 }) => sum + files, 0);
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** In decimal units, as file managers count. */
export function bytesText(bytes: number): string {
  if (bytes < 1e5) return `${number(Math.max(bytes > 0 ? 1 : 0, Math.round(bytes / 1e3)))} kB`;
  return bytes < 1e9 ? `${number(Math.round(bytes / 1e5) / 10)} MB` : `${number(Math.round(bytes / 1e8) / 10)} GB`;
}

/** The time of day, with the date where that is another day. */
export function clock(iso: string): string {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}
