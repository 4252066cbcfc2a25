import type { RunCheckpoint } from "./run.ts";

/** A run's checkpoints after one more: a name is one checkpoint, and there is one best: the one named so last takes the mark from the others. */
export function withCheckpoint(checkpoints: readonly RunCheckpoint[], checkpoint: RunCheckpoint): RunCheckpoint[] {
  const others = checkpoints
    .filter(({ name }) => name !== checkpoint.name)
    .map((other) => (checkpoint.best ? { ...other, best: false } : other));
  return [...others, checkpoint];
}
