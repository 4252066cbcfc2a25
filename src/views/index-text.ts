import type { IndexStatus } from "../../protocol/index-status.ts";
import { bytesText, countSkipped, duration, number, vectorsText } from "../index-view/amounts.ts";

export interface IndexText {
  /** With codicons as `$(name)`. */
  text: string;
  tooltip: string;
  warning: boolean;
}

/** What the status bar says of the indexes of all open folders. */
export function statusBarText(statuses: readonly IndexStatus[]): IndexText {
  if (statuses.length === 0)
    return { text: "$(search) Searchlight", tooltip: "The index has not been read.", warning: false };
  const tooltip = statuses.map((status) => `${status.folder.name}: ${status.reason}`).join("\n");
  const any = (...states: IndexStatus["state"][]): boolean => statuses.some(({ state }) => states.includes(state));
  const files = sum(statuses, (status) => status.files);
  const counted = `${number(files)} ${files === 1 ? "file" : "files"}`;

  if (any("failed")) return { text: "$(error) Index failed", tooltip, warning: true };
  if (any("degraded")) return { text: `$(warning) ${counted}`, tooltip, warning: true };
  if (any("scanning")) return { text: "$(sync~spin) Indexing", tooltip, warning: false };
  const percent = vectorPercent(statuses);
  if (any("words-ready") && percent < 100)
    return { text: `$(sync~spin) Indexing ${percent} %`, tooltip, warning: false };
  if (any("paused")) return { text: `$(debug-pause) ${counted}`, tooltip, warning: false };
  return { text: `$(search) ${counted}`, tooltip, warning: false };
}

/** One sentence for above an answer while the index cannot yet give its best; undefined when it can. */
export function indexBanner(statuses: readonly IndexStatus[]): string | undefined {
  const hindered = statuses.find(({ state }) => state === "failed" || state === "degraded");
  if (hindered) return `${hindered.folder.name}: ${hindered.reason}`;
  if (statuses.some(({ state }) => state === "scanning")) return "The documents are being read; answers may miss some.";
  const percent = vectorPercent(statuses);
  const filling = statuses.some(({ state }) => state === "words-ready") && percent < 100;
  return filling ? `Indexing ${percent} %: search goes by words until the vectors are complete.` : undefined;
}

/** The facts of one folder in one line: counts, rate, time left. */
export function indexDetail(status: IndexStatus): string {
  const parts = [`${number(status.files)} files`, `${number(status.passages)} passages`, vectorsText(status.vectors)];
  if (status.rate !== undefined) parts.push(`${number(Math.round(status.rate))} passages/s`);
  if (status.etaSeconds !== undefined) parts.push(`${duration(status.etaSeconds)} left`);
  if (status.skipped.length > 0) parts.push(`${number(countSkipped(status.skipped))} skipped`);
  if (status.bytes !== undefined) parts.push(bytesText(status.bytes));
  if (status.role === "reader") parts.push("written by another window");
  return parts.join(" · ");
}

function vectorPercent(statuses: readonly IndexStatus[]): number {
  const total = sum(statuses, (status) => status.vectors.total);
  const done = sum(statuses, (status) => status.vectors.done);
  return total === 0 ? 100 : Math.floor((100 * done) / total);
}

function sum(statuses: readonly IndexStatus[], of: (status: IndexStatus) => number): number {
  return statuses.reduce((total, status) => total + of(status), 0);
}
