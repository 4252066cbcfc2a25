const maxBytes = 64 * 2 ** 20;

/**
 * Ends a request whose server falls silent: no header and no byte for `seconds`. Time between tries does not count. It also bounds
 * the answer's size, which a hostile server would not.
 */
export class SilenceWatch {
  readonly seconds: number;
  /** Aborts with the caller's signal, on silence and at `stop`. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #silent = false;
  #bytes = 0;

  constructor(seconds: number, caller: AbortSignal) {
    this.seconds = seconds;
    this.signal = AbortSignal.any([caller, this.#controller.signal]);
  }

  /** True when it was silence that ended the request. */
  get silent(): boolean {
    return this.#silent;
  }

  /** True when the answer grew beyond what any answer needs. */
  get flooded(): boolean {
    return this.#bytes > maxBytes;
  }

  /** A request went out or a byte came in. */
  heard(bytes = 0): void {
    this.#bytes += bytes;
    if (this.flooded) return this.stop();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#silent = true;
      this.#controller.abort();
    }, this.seconds * 1000);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Closes the request behind it, if it is still open. */
  stop(): void {
    this.rest();
    this.#controller.abort();
  }

  /** The same bytes, watched. */
  body(source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = source.getReader();
    return new ReadableStream({
      pull: async (controller) => {
        const step = await reader.read();
        if (step.done) {
          this.rest();
          controller.close();
        } else {
          this.heard(step.value.byteLength);
          controller.enqueue(step.value);
        }
      },
      cancel: (reason) => {
        this.rest();
        return reader.cancel(reason);
      },
    });
  }
}
