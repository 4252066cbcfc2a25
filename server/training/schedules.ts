/**
 * A learning rate over optimiser steps. `warmup` steps rise linearly from 0 (at step 0) to `peak`; then, up to step `steps`:
 *
 * - `constant`: stays at the peak.
 * - `linear`: falls to 0.
 * - `cosine`: half a cosine down to `floor`, a share of the peak (R1-Searcher 0.1; transformers `cosine_with_min_lr`, Search-R1).
 * - `restarts`: `cycles` half cosines down to 0.
 */
export interface Schedule {
  readonly kind: "constant" | "linear" | "cosine" | "restarts";
  readonly peak: number;
  /** Length of the run in optimiser steps; `constant` does not need it. */
  readonly steps?: number;
  readonly warmup?: number;
  readonly floor?: number;
  readonly cycles?: number;
}

/**
 * Learning rate of optimiser step `step`, counted from 0. Past the last step the last rate is kept, where the published cosines rise
 * again. Sources: transformers `get_scheduler`, Search-R1 `verl/utils/torch_functional.py`.
 */
export function learningRate(schedule: Schedule, step: number): number {
  const { kind, peak, steps = Infinity, warmup = 0, floor = 0, cycles = 1 } = schedule;
  const at = Math.min(step, steps);
  if (at < warmup) return (peak * at) / warmup;
  if (kind === "constant") return peak;
  if (!Number.isFinite(steps))
    throw new TypeError(`A ${kind} schedule needs the number of optimiser steps: pass steps.`);
  const progress = (at - warmup) / Math.max(1, steps - warmup);
  switch (kind) {
    case "linear":
      return (peak * Math.max(0, steps - at)) / Math.max(1, steps - warmup);
    case "cosine":
      return peak * (floor + (1 - floor) * halfCosine(progress));
    case "restarts":
      return progress >= 1 ? 0 : peak * halfCosine((cycles * progress) % 1);
  }
}

function halfCosine(progress: number): number {
  return (1 + Math.cos(Math.PI * progress)) / 2;
}

/** Optimiser steps of a run: whole train batches per pass over the data, times the passes. Source: R1-Searcher `ActorModelRayActor`. */
export function optimiserSteps(run: {
  prompts: number;
  rolloutsPerPrompt: number;
  trainBatch: number;
  episodes: number;
}): number {
  return Math.ceil(run.episodes * Math.floor((run.prompts * run.rolloutsPerPrompt) / run.trainBatch));
}

/** Warm-up steps of a share of the run: rounded up as R1-Searcher does, or down as Search-R1. */
export function warmupSteps(steps: number, share: number, round: "up" | "down" = "up"): number {
  return round === "up" ? Math.ceil(steps * share) : Math.floor(steps * share);
}
