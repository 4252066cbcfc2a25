import type { RunState } from "./run.ts";

/** Whether a run in this state has a process that works or waits. */
export function isLive(state: RunState): boolean {
  return state === "starting" || state === "running" || state === "paused" || state === "stopping";
}
