import type { RunSummary } from "../../protocol/run.ts";
import { isLive } from "../../protocol/run-state.ts";

/** Ids of runs that some window saw alive and whose end no window told. */
export type Followed = readonly string[];

export interface Endings {
  /** Runs whose end is to be told. */
  ended: RunSummary[];
  followed: Followed;
}

/**
 * Which runs ended unseen, given the runs that were seen alive before, in this window or in one that is closed. A run that nobody saw
 * alive here ended for somebody else and is not told of. Pure.
 */
export function endingsOf(runs: readonly RunSummary[], followed: Followed): Endings {
  const before = new Set(followed);
  const ended = runs.filter((run) => before.has(keyOf(run)) && !isLive(run.state));
  // A run that is not listed any more was removed, or its service is out of reach: the latter comes back.
  const listed = new Set(runs.map(keyOf));
  const live = runs.filter(({ state }) => isLive(state)).map(keyOf);
  const away = followed.filter((key) => !listed.has(key) && key.includes(" "));
  return { ended, followed: [...live, ...away] };
}

function keyOf({ id, host }: RunSummary): string {
  return host === undefined ? id : `${host} ${id}`;
}
