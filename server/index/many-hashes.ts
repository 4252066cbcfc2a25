// A map or set of JavaScript doubles its table at one go: with half a million keys that holds the event loop for tens of milliseconds, and with each
// doubling for twice as long. These are made of many small ones, which double one after the other.

const parts = 256;
const longestStretch = 2 ** 16;

/** Which part a hash in hexadecimal digits is in; other keys are right as well, only not as evenly spread. */
function partOf(hash: string): number {
  const last = hash.length - 1;
  return (16 * digit(hash.charCodeAt(last)) + digit(hash.charCodeAt(last - 1))) & (parts - 1);
}

/** The value of a digit, given as the code of its character. */
function digit(code: number): number {
  return code >= 97 ? code - 87 : code - 48;
}

/** A map of millions of hashes; in no order. */
export class HashMap<Value> {
  readonly #parts = Array.from({ length: parts }, () => new Map<string, Value>());

  get(hash: string): Value | undefined {
    return this.#parts[partOf(hash)]!.get(hash);
  }

  has(hash: string): boolean {
    return this.#parts[partOf(hash)]!.has(hash);
  }

  set(hash: string, value: Value): void {
    this.#parts[partOf(hash)]!.set(hash, value);
  }

  delete(hash: string): boolean {
    return this.#parts[partOf(hash)]!.delete(hash);
  }
}

/** A set of millions of hashes in the order in which they came; quick to take away those that came first. */
export class HashQueue {
  #stretches: Set<string>[] = [];

  get size(): number {
    return this.#stretches.reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds a hash that is not in it. */
  add(hash: string): void {
    const last = this.#stretches.at(-1);
    if (last && last.size < longestStretch) last.add(hash);
    else this.#stretches.push(new Set([hash]));
  }

  delete(hash: string): void {
    const at = this.#stretches.findIndex((stretch) => stretch.delete(hash));
    if (at >= 0 && this.#stretches[at]!.size === 0) this.#stretches = this.#stretches.toSpliced(at, 1);
  }

  /** Those that are in it; what is taken away meanwhile is left out, or has been met. */
  *[Symbol.iterator](): Generator<string> {
    for (const stretch of this.#stretches) yield* stretch;
  }
}
