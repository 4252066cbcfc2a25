import { setTimeout as pause } from "node:timers/promises";

/** Waits until the next request may go out; rejects when the signal is aborted. */
export type Turnstile = (signal: AbortSignal) => Promise<void>;

/** Lets at most so many requests a second through, evenly spaced and in the order they came. */
export function rateLimit(perSecond: number): Turnstile {
  const gap = 1000 / perSecond;
  let free = 0;
  return async (signal) => {
    const now = performance.now();
    const at = Math.max(now, free);
    free = at + gap;
    if (at > now) await pause(at - now, undefined, { signal });
  };
}

export const noLimit: Turnstile = () => Promise.resolve();
