import type { TrajectorySummary } from "../../protocol/server-messages.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";

/** What a list shows of a trajectory. */
export function summarise(trajectory: Trajectory): TrajectorySummary {
  return {
    id: trajectory.id,
    createdAt: trajectory.createdAt,
    status: trajectory.status,
    question: trajectory.question,
    policy: trajectory.policy.id,
    profile: trajectory.profile,
    searches: trajectory.searches.length,
    ...(trajectory.answer ? { abstained: trajectory.answer.abstained } : {}),
    ...(trajectory.stop ? { stopReason: trajectory.stop.reason } : {}),
    ...(trajectory.reward ? { reward: trajectory.reward.total } : {}),
  };
}

/** The trajectory of a process that died: what it had written so far, marked as interrupted. */
export function markInterrupted(trajectory: Trajectory): Trajectory {
  return {
    ...trajectory,
    status: "interrupted",
    stop: { reason: "interrupted", detail: "The process that ran this question ended before it did." },
  };
}
