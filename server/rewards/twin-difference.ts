import type { Reward, Violation } from "../../protocol/reward.ts";
import { policySpansTwin } from "./profiles.ts";
import type { RewardProfile } from "./reward-profile.ts";
import { type Scorable, scoreTrajectory } from "./score-trajectory.ts";

/** How a released profile and its policy-spans twin judge one trajectory. */
export interface TwinDifference {
  released: Reward;
  twin: Reward;
  /** Points that the released rules took for text the policy did not write; negative where the twin is stricter. */
  points: number;
  /** What the released profile fines and its twin does not. */
  spared: Violation[];
}

/** Scores a trajectory by a released profile and by its twin; undefined for a profile without a twin. */
export function twinDifference(
  trajectory: Scorable,
  profile: RewardProfile,
  golds: readonly string[],
): TwinDifference | undefined {
  const other = policySpansTwin(profile);
  if (!other) return undefined;
  const released = scoreTrajectory(trajectory, profile, golds);
  const twin = scoreTrajectory(trajectory, other, golds);
  const kept = new Set(violations(twin).map(place));
  return {
    released,
    twin,
    points: twin.total - released.total,
    spared: violations(released).filter((violation) => !kept.has(place(violation))),
  };
}

/** Counts over many trajectories how often the two differ, and by which rules. */
export class TwinTally {
  rows = 0;
  differ = 0;
  /** Points that the twins gave back, summed. */
  points = 0;
  readonly rules = new Map<string, number>();

  add(difference: TwinDifference): void {
    this.rows += 1;
    if (difference.points === 0) return;
    this.differ += 1;
    this.points += difference.points;
    for (const rule of new Set(difference.spared.map((violation) => violation.rule)))
      this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
  }

  json(): { rows: number; differ: number; points: number; rules: Record<string, number> } {
    return { rows: this.rows, differ: this.differ, points: this.points, rules: Object.fromEntries(this.rules) };
  }
}

function violations(reward: Reward): Violation[] {
  return reward.components.flatMap((component) => component.violations);
}

function place({ rule, start, end }: Violation): string {
  return `${rule}:${start}:${end}`;
}
