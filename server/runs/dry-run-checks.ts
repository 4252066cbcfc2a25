import type { RunEvent } from "../../protocol/run.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";

/** One thing that a dry run looked at. */
export interface DryRunCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence: what was found. */
  readonly message: string;
}

/** What a dry run's events and trajectories show of whether the recipe trains as it should. */
export function checkDryRun(
  events: readonly RunEvent[],
  trajectories: readonly Trajectory[],
  iterations: number,
): DryRunCheck[] {
  const done = events.findLast((event) => event.type === "done");
  const trained = events.filter((event) => event.type === "iteration");
  const checkpoints = events.filter((event) => event.type === "checkpoint").length;
  const teardown = events.findLast(
    (event) => event.type === "log" && /everything it started has ended/.test(event.message),
  );
  const broken = trained.filter(({ metrics }) => Object.values(metrics).some((value) => !Number.isFinite(value)));
  return [
    {
      name: "end",
      ok: done?.outcome === "done",
      message: done ? `The run ended as ${done.outcome}: ${done.reason}` : "The run wrote no end.",
    },
    {
      name: "iterations",
      ok: trained.length >= iterations && broken.length === 0,
      message: `${trained.length} of ${iterations} iterations were trained${broken.length > 0 ? `, ${broken.length} with numbers that are not finite` : ""}.`,
    },
    {
      name: "checkpoint",
      ok: checkpoints > 0,
      message: `${checkpoints} checkpoints were saved.`,
    },
    masks(trajectories),
    rewards(trajectories),
    {
      name: "teardown",
      ok: teardown !== undefined,
      message: teardown ? "Nothing was left running." : "It is not known whether the engine has ended.",
    },
  ];
}

/**
 * Every token has one origin, and what is trained on are the sampled tokens. Other ways of finding the mask are not asked: the released search
 * knows two vocabularies, and a policy of random weights may forge any tag.
 */
function masks(trajectories: readonly Trajectory[]): DryRunCheck {
  let trained = 0;
  let masked = 0;
  const faults: string[] = [];
  for (const trajectory of trajectories) {
    const fault = maskFault(trajectory);
    if (fault !== undefined) faults.push(fault);
    for (const { origin, tokenStart = 0, tokenEnd = 0 } of trajectory.segments) {
      if (origin === "policy") trained += tokenEnd - tokenStart;
      else masked += tokenEnd - tokenStart;
    }
  }
  const ok = faults.length === 0 && trained > 0;
  const counts = `${trained} tokens of ${trajectories.length} rollouts are trained on, ${masked} are masked`;
  return { name: "masks", ok, message: ok ? `${counts}.` : `${faults[0] ?? "No token is trained on"} (${counts}).` };
}

function maskFault(trajectory: Trajectory): string | undefined {
  const { tokens, segments, id } = trajectory;
  if (!tokens) return `${id} has no tokens`;
  let at = 0;
  for (const { tokenStart, tokenEnd, origin } of segments) {
    if (tokenStart !== at || tokenEnd === undefined || tokenEnd < at)
      return `${id} has tokens without an origin at ${at}`;
    at = tokenEnd;
    const sampled = tokens.logprobs?.slice(tokenStart, tokenEnd) ?? [];
    if (origin !== "policy" && sampled.some((logprob) => logprob !== null))
      return `${id} has sampled tokens in a ${origin} segment`;
    if (origin === "policy" && tokens.logprobs && sampled.some((logprob) => logprob === null))
      return `${id} trains on tokens that were not sampled`;
  }
  if (at !== tokens.ids.length) return `${id} has ${tokens.ids.length - at} tokens after its last segment`;
  return undefined;
}

function rewards(trajectories: readonly Trajectory[]): DryRunCheck {
  const totals = trajectories.flatMap(({ reward }) => (reward ? [reward.total] : []));
  const sums = trajectories.every(
    ({ reward }) =>
      !reward ||
      Math.abs(reward.components.reduce((sum, { value, weight }) => sum + value * weight, 0) - reward.total) < 1e-6,
  );
  const ok = totals.length > 0 && totals.length === trajectories.length && totals.every(Number.isFinite) && sums;
  const mean = totals.reduce((sum, total) => sum + total, 0) / Math.max(1, totals.length);
  return {
    name: "rewards",
    ok,
    message: ok
      ? `${totals.length} rollouts have a reward, ${mean.toFixed(2)} on average.`
      : `${trajectories.length - totals.length} of ${trajectories.length} rollouts have no reward${sums ? "" : ", or one that is not the sum of its components"}.`,
  };
}
