/** Something to wait for that others ring. A ring that nobody waited for yet counts for the next wait. */
export class Bell {
  readonly #signal: AbortSignal;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#rung && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        this.#wake = done;
        this.#signal.addEventListener("abort", done, { once: true });
      });
    }
    this.#rung = false;
    this.#wake = undefined;
  }
}
