import type { RunCheckpoint } from "../../protocol/run.ts";
import { CommandError } from "./output.ts";

/** A checkpoint that is taken where none was named, and what should be known of it. */
export interface UsualCheckpoint {
  name: string;
  warning?: string;
}

/**
 * The best checkpoint that has an adapter, else the latest. Where no evaluation was better than the one before the first iteration, the
 * best is the one that reinforcement learning did not touch: that is said. Throws `CommandError` where none has an adapter.
 */
export function usualCheckpoint(checkpoints: readonly RunCheckpoint[]): UsualCheckpoint {
  const kept = checkpoints.filter(({ archive }) => archive !== undefined);
  const latest = kept.at(-1);
  const chosen = kept.find(({ best }) => best) ?? latest;
  if (!chosen || !latest)
    throw new CommandError("The run has kept no adapter yet; searchlight runs checkpoint saves one.");
  const { name, iteration } = chosen;
  if (iteration > 0 || latest.iteration === 0) return { name };
  return {
    name,
    warning: `${name} is from before the first iteration, since no evaluation after it was better; --checkpoint ${latest.name} is the latest.`,
  };
}
