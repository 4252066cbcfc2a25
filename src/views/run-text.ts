import type { TrajectorySummary } from "../../protocol/server-messages.ts";

export interface RunText {
  /** Name of a codicon. */
  icon: string;
  description: string;
  detail: string;
}

/** A past question as a list shows it: icon by how it ended, and the facts in words. */
export function describeRun(summary: TrajectorySummary): RunText {
  const searches = `${summary.searches} ${summary.searches === 1 ? "search" : "searches"}`;
  const date = new Date(summary.createdAt);
  const when = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const ending = endingOf(summary);
  return {
    icon: ending.icon,
    description: [ending.words, searches].join(" · "),
    detail: [when, summary.policy, `profile ${summary.profile}`].join(" · "),
  };
}

function endingOf({ status, abstained, stopReason }: TrajectorySummary): { icon: string; words: string } {
  if (status === "running") return { icon: "sync~spin", words: "running" };
  if (status === "interrupted" || stopReason === "interrupted")
    return { icon: "debug-disconnect", words: "interrupted" };
  if (stopReason === "cancelled") return { icon: "debug-stop", words: "stopped" };
  if (stopReason === "policy-error" || stopReason === "retrieval-error") return { icon: "error", words: "failed" };
  if (abstained) return { icon: "circle-slash", words: "not in these documents" };
  if (stopReason && stopReason !== "finished") return { icon: "warning", words: stopReason.replaceAll("-", " ") };
  return { icon: "pass", words: "answered" };
}
