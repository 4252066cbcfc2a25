/**
 * What a promise comes to, or undefined as soon as the signal fires: a policy or retriever that does not listen to its signal
 * must not hold a rollout for ever. What it does afterwards is ignored, its failure included.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const give = (): void => resolve(undefined);
    signal.addEventListener("abort", give, { once: true });
    if (signal.aborted) give();
    const forget = (): void => signal.removeEventListener("abort", give);
    work.then(resolve, reject).finally(forget).catch(forget);
  });
}

export interface Deadline {
  signal: AbortSignal;
  /** To be called when nothing waits any more: otherwise timer and signal stay until the time is up. */
  release(): void;
}

/** A signal that fires with another one, or when the time is up. Timers take whole milliseconds, and no more than 24 days. */
export function deadline(signal: AbortSignal, milliseconds: number): Deadline {
  const own = new AbortController();
  const follow = (): void => own.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  const timer = setTimeout(
    () => own.abort(new DOMException("The time is up.", "TimeoutError")),
    Math.min(Math.ceil(milliseconds), 2 ** 31 - 1),
  );
  timer.unref();
  return {
    signal: own.signal,
    release() {
      clearTimeout(timer);
      signal.removeEventListener("abort", follow);
    },
  };
}
