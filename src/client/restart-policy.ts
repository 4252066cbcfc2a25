/** Five crashes within three minutes mean that starting again does not help. */
export const crashLimit = 5;
export const crashWindowMilliseconds = 3 * 60_000;

const firstDelayMilliseconds = 250;

export type AfterCrash =
  | { action: "restart"; crashes: readonly number[]; delayMilliseconds: number }
  | { action: "give-up"; crashes: readonly number[] };

/**
 * What follows a crash at time `at`, given the times of the crashes before it (milliseconds, any one clock).
 * The first restart comes at once; each further one in the window waits twice as long as the one before it.
 */
export function afterCrash(before: readonly number[], at: number): AfterCrash {
  const crashes = [...before.filter((time) => at - time < crashWindowMilliseconds), at];
  if (crashes.length >= crashLimit) return { action: "give-up", crashes };
  const delayMilliseconds = crashes.length === 1 ? 0 : firstDelayMilliseconds * 2 ** (crashes.length - 2);
  return { action: "restart", crashes, delayMilliseconds };
}
