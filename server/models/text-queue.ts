/** Turns text that is pushed into text that is pulled. One reader. */
export class TextQueue implements AsyncIterable<string> {
  readonly #texts: string[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(text: string): void {
    if (this.#ended) return;
    this.#texts.push(text);
    this.#wake?.();
  }

  /** What was pushed before is still read; what comes after is dropped. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      while (this.#texts.length > 0) yield this.#texts.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
