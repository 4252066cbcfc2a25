/** Writing work, one piece at a time, that can be paused between its steps. */
export class WorkQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #paused: Promise<void> | undefined;
  #resumed: (() => void) | undefined;

  /** How many pieces wait for the one that runs. */
  get waiting(): number {
    return this.#waiting;
  }

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  /** Runs a piece after those before it; a failed one does not stop the next. */
  run(work: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const result = this.#last
      .catch(() => undefined)
      .then(() => {
        this.#waiting--;
        return work();
      });
    this.#last = result;
    return result;
  }

  /** Resolves when nothing runs or waits, whether it succeeded or not. */
  idle(): Promise<void> {
    return this.#last.catch(() => undefined);
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#resumed = resolve;
    });
  }

  resume(): void {
    this.#resumed?.();
    this.#paused = undefined;
  }

  /** Awaited by the work between its steps. Rejects with the signal's reason when it fires. */
  async step(signal: AbortSignal): Promise<void> {
    while (this.#paused && !signal.aborted) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      await Promise.race([this.#paused, aborted]);
    }
    signal.throwIfAborted();
  }
}
