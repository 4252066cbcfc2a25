type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

const firstLength = 256;

/** A column of numbers that grows at its end: as many bytes for each as its kind of array has. */
export class GrownColumn<T extends Numbers> {
  /** Longer than the column; what stands behind `length` means nothing. */
  values: T;
  length = 0;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.values = make(firstLength);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const longer = this.#make(this.length * 2);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.length++] = value;
  }
}

export const floats = (): GrownColumn<Float64Array<ArrayBuffer>> =>
  new GrownColumn((length) => new Float64Array(length));
export const wholes = (): GrownColumn<Uint32Array<ArrayBuffer>> => new GrownColumn((length) => new Uint32Array(length));
export const bytes = (): GrownColumn<Uint8Array<ArrayBuffer>> => new GrownColumn((length) => new Uint8Array(length));

/** Values that occur often, each kept once and named by a whole number from 0 on. */
export class Interned<T> {
  readonly values: T[] = [];
  readonly #known = new Map<string, number>();

  /** The number of the value that `key` names; `make` is called where it is met for the first time. */
  number(key: string, make: () => T): number {
    let number = this.#known.get(key);
    if (number === undefined) {
      number = this.values.push(make()) - 1;
      this.#known.set(key, number);
    }
    return number;
  }
}
