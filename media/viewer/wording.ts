import type { CitationStatus } from "../../protocol/answer.ts";
import type { Hit, LegScore } from "../../protocol/passage.ts";
import type { Segment, Trajectory } from "../../protocol/trajectory.ts";

const numbers = new Intl.NumberFormat("en");

export function count(value: number, one: string, many = `${one}s`): string {
  return `${numbers.format(value)} ${value === 1 ? one : many}`;
}

/** `+0.67`, `−2.00`, `0.00`: points of reward. */
export function points(value: number): string {
  return signed(value, 2);
}

/** A number with its sign, a minus as wide as a plus. */
export function signed(value: number, decimals: number): string {
  const rounded = Math.abs(value).toFixed(decimals);
  const sign = Number(rounded) === 0 ? "" : value > 0 ? "+" : "−";
  return `${sign}${rounded}`;
}

export function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

/** What each leg of the search said of a hit: `words #1 (9.00) · vectors #3 (0.71)`. */
export function legs({ words, vectors }: Pick<Hit, "words" | "vectors">): string {
  const leg = (name: string, { rank, score }: LegScore): string => `${name} #${rank} (${score.toFixed(2)})`;
  const parts = [words && leg("words", words), vectors && leg("vectors", vectors)];
  return parts.filter((part) => part !== undefined).join(" · ");
}

export interface Ending {
  /** Name of a codicon. */
  icon: string;
  words: string;
}

/** How a trajectory stands: running, or why it ended. */
export function stateOf({ status, stop }: Pick<Trajectory, "status" | "stop">, live: boolean): Ending {
  if (live) return { icon: "loading", words: "running" };
  const reason = stop?.reason ?? (status === "interrupted" ? "interrupted" : "finished");
  switch (reason) {
    case "finished":
      return { icon: "pass", words: "finished" };
    case "cancelled":
      return { icon: "debug-stop", words: "stopped" };
    case "interrupted":
      return { icon: "debug-disconnect", words: "interrupted" };
    case "policy-error":
      return { icon: "error", words: "the model failed" };
    case "retrieval-error":
      return { icon: "error", words: "the search failed" };
    default:
      return { icon: "warning", words: reason.replaceAll("-", " ") };
  }
}

export const citationStatus: Readonly<Record<CitationStatus, { icon: string; words: string }>> = {
  verified: { icon: "verified", words: "verified: the quote stands in the file at this place" },
  moved: { icon: "arrow-swap", words: "moved: the quote stands elsewhere in the file than when it was indexed" },
  stale: { icon: "history", words: "stale: the file changed and the quote is not in it" },
  missing: { icon: "error", words: "missing: the file cannot be read" },
};

const names: Readonly<Record<Segment["kind"], string>> = {
  prompt: "Prompt",
  think: "Thought",
  query: "Search",
  documents: "Documents",
  answer: "Answer",
  other: "Text",
};

/** A segment's name for a reader who does not see the marks beside it. */
export function segmentLabel({ kind, origin }: Pick<Segment, "kind" | "origin">): string {
  return origin === "environment" ? `${names[kind]}, masked` : names[kind];
}
