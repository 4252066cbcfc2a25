/**
 * Per-token numbers of a batch: one row per sequence, one entry per response token. Rows have their own lengths; nothing is padded.
 * A mask has the same form: 1 = a token the policy wrote and is trained on, 0 = a token it did not (documents, tags of the environment).
 */
export type Tokens = readonly ArrayLike<number>[];

/** A number that arithmetic cannot go on with, by the place it was found at. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  readonly quantity: string;
  readonly sequence: number;
  /** Absent where the quantity is one number per sequence. */
  readonly token: number | undefined;
  readonly value: number;

  constructor(quantity: string, sequence: number, token: number | undefined, value: number) {
    const place = token === undefined ? `sequence ${sequence}` : `sequence ${sequence}, token ${token}`;
    super(`${quantity} is ${value} at ${place}: drop that rollout or repair its ${quantity} before the update.`);
    this.quantity = quantity;
    this.sequence = sequence;
    this.token = token;
    this.value = value;
  }
}

/** Two arrays that should describe the same tokens do not. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  readonly quantity: string;
  /** Absent where the number of sequences differs. */
  readonly sequence: number | undefined;

  constructor(quantity: string, sequence: number | undefined, got: number, wanted: number) {
    const what = sequence === undefined ? `${got} sequences` : `${got} tokens in sequence ${sequence}`;
    super(
      `${quantity} has ${what} where ${wanted} were expected: pass one entry per response token of the same batch.`,
    );
    this.quantity = quantity;
    this.sequence = sequence;
  }
}

/**
 * Holds one quantity against the mask: same sequences, same lengths, a finite number at every unmasked token. Masked tokens are not
 * looked at, because an engine may answer anything there and no result may depend on it.
 * @throws ShapeError, NonFiniteError
 */
export function checkTokens(quantity: string, values: Tokens, mask: Tokens): void {
  if (values.length !== mask.length) throw new ShapeError(quantity, undefined, values.length, mask.length);
  values.forEach((row, sequence) => {
    const masked = mask[sequence]!;
    if (row.length !== masked.length) throw new ShapeError(quantity, sequence, row.length, masked.length);
    eachStretch(masked, (from, to) => {
      for (let token = from; token < to; token++)
        if (!Number.isFinite(row[token])) throw new NonFiniteError(quantity, sequence, token, row[token]!);
    });
  });
}

/**
 * Holds one number per sequence: as many as expected, each finite.
 * @throws ShapeError, NonFiniteError
 */
export function checkOutcomes(quantity: string, values: ArrayLike<number>, sequences: number): void {
  if (values.length !== sequences) throw new ShapeError(quantity, undefined, values.length, sequences);
  for (let sequence = 0; sequence < sequences; sequence++) {
    const value = values[sequence]!;
    if (!Number.isFinite(value)) throw new NonFiniteError(quantity, sequence, undefined, value);
  }
}

/** A row per sequence, computed at the unmasked tokens in order and 0 at the masked ones. */
export function overUnmasked(mask: Tokens, value: (sequence: number, token: number) => number): Float64Array[] {
  return overStretches(mask, (values, from, to, sequence) => {
    for (let token = from; token < to; token++) values[token] = value(sequence, token);
  });
}

/**
 * A row per sequence, filled stretch by stretch of unmasked tokens and 0 at the masked ones: for what is computed over millions of tokens,
 * where a call for each would cost more than what it computes.
 */
export function overStretches(
  mask: Tokens,
  fill: (values: Float64Array, from: number, to: number, sequence: number) => void,
): Float64Array[] {
  const out = zeroRows(mask);
  mask.forEach((row, sequence) => {
    const values = out[sequence]!;
    eachStretch(row, (from, to) => fill(values, from, to, sequence));
  });
  return out;
}

/**
 * Visits the stretches of unmasked tokens of one row in order, each from its first token up to the one behind its last. Rows are a few
 * stretches of hundreds of tokens, so this costs less than a look at every token.
 */
export function eachStretch(row: ArrayLike<number>, visit: (from: number, to: number) => void): void {
  for (let to = 0; ;) {
    const from = nextUnmasked(row, to);
    if (from === row.length) return;
    to = nextMasked(row, from);
    visit(from, to);
  }
}

function nextUnmasked(row: ArrayLike<number>, from: number): number {
  let token = from;
  while (token < row.length && row[token] === 0) token++;
  return token;
}

function nextMasked(row: ArrayLike<number>, from: number): number {
  // A search for a value in bytes is one call of the machine's own.
  if (row instanceof Uint8Array) {
    const found = row.indexOf(0, from);
    return found < 0 ? row.length : found;
  }
  let token = from;
  while (token < row.length && row[token] !== 0) token++;
  return token;
}

/** Rows of zeros as long as those given, side by side in one piece of memory: thousands of small ones cost more than what is in them. */
export function zeroRows(like: Tokens): Float64Array[] {
  const all = new Float64Array(like.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  return like.map(({ length }) => all.subarray(end, (end += length)));
}

/** Σ of a row's values over tokens. */
export function sumOf(row: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let token = from; token < to; token++) sum += row[token]!;
  return sum;
}

/** How many tokens of one row are trained on. */
export function unmaskedCount(row: ArrayLike<number>): number {
  let count = 0;
  eachStretch(row, (from, to) => (count += to - from));
  return count;
}
