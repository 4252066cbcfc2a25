import { checkTokens, eachStretch, overStretches, ShapeError, unmaskedCount, type Tokens } from "./tokens.ts";

/**
 * What an engine does with the datums of one optimiser step, w being their weights and f its per-token loss:
 * `token-sum` takes Σ w f (Tinker, SkyRL FSDP and Megatron); `sequence-mean` takes the mean over datums of Σ w f / Σ w (SkyRL JAX), where
 * scaling a datum's weights changes nothing and a datum without weights still counts.
 */
export type EngineReduction = "token-sum" | "sequence-mean";

/** The two per-token arrays of one sequence as an engine takes them. */
export interface EngineRow {
  /** Index in the batch. */
  readonly sequence: number;
  /** The sequence's mask: 1 at unmasked tokens, 0 elsewhere. */
  readonly weights: ArrayLike<number>;
  /** 0 where the weight is 0. */
  readonly advantages: Float64Array;
}

/**
 * Folds a reduction into the advantages, so that Σ c · f comes out whichever way the engine reduces. Clipping is untouched, because every
 * f here is linear in a positive factor of its advantage.
 *
 * The rows returned must be all that the optimiser step is given, over however many calls. Sequences that would move nothing (wholly
 * masked, or advantage 0 throughout, as in a group without spread) are left out; the list may be empty, and then there is nothing to send.
 * @param coefficients from `reductions.ts`
 * @throws ShapeError, NonFiniteError
 */
export function engineRows(
  advantages: Tokens,
  mask: Tokens,
  coefficients: Tokens,
  engine: EngineReduction,
): EngineRow[] {
  checkTokens("advantage", advantages, mask);
  checkTokens("coefficient", coefficients, mask);
  const scaled = overStretches(mask, (values, from, to, sequence) => {
    const [own, factors] = [advantages[sequence]!, coefficients[sequence]!];
    for (let token = from; token < to; token++) values[token] = own[token]! * factors[token]!;
  });
  const moving = [...scaled.keys()].filter((sequence) => moves(scaled[sequence]!));
  return moving.map((sequence) => {
    const weights = mask[sequence]!;
    const folded = scaled[sequence]!;
    const factor = engine === "token-sum" ? 1 : unmaskedCount(weights) * moving.length;
    eachStretch(weights, (from, to) => {
      for (let token = from; token < to; token++) folded[token]! *= factor;
    });
    return { sequence, weights, advantages: folded };
  });
}

function moves(row: Float64Array): boolean {
  for (let token = 0; token < row.length; token++) if (row[token] !== 0) return true;
  return false;
}

/**
 * Any loss's gradient as rows for an engine that knows only −ρA: at ρ = 1 (old log-probs = the log-probs the gradient was taken at) the
 * slope of −ρA is −A, so A = −gradient gives exactly that step. It carries KL in the loss, LLDS, GSPO, dual clip and every other
 * objective to an engine that has none of them; terms add up by adding their gradients.
 */
export function gradientRows(gradient: Tokens, mask: Tokens, engine: EngineReduction): EngineRow[] {
  const ones = mask.map((row) => new Float64Array(row.length).fill(1));
  return engineRows(
    gradient.map((row) => Float64Array.from(row, (slope) => -slope)),
    mask,
    ones,
    engine,
  );
}

/**
 * Old log-probs as an engine may be given them: 0 at masked tokens, where a missing or very low one overflows in the ratio and poisons
 * the weights although its own weight is 0.
 * @throws NonFiniteError for one that is missing at a token that is trained on
 */
export function engineLogprobs(oldLogprobs: Tokens, mask: Tokens): Float64Array[] {
  checkTokens("old log-prob", oldLogprobs, mask);
  return overStretches(mask, (values, from, to, sequence) => {
    const row = oldLogprobs[sequence]!;
    for (let token = from; token < to; token++) values[token] = row[token]!;
  });
}

/** Sum of gradients of several loss terms over the same tokens, each with its coefficient. */
export function addGradients(
  terms: readonly { readonly gradient: Tokens; readonly coefficient: number }[],
): Float64Array[] {
  const first = terms[0];
  if (!first) return [];
  const total = first.gradient.map((row) => new Float64Array(row.length));
  for (const { gradient, coefficient } of terms) {
    if (gradient.length !== total.length) throw new ShapeError("gradient", undefined, gradient.length, total.length);
    gradient.forEach((row, i) => {
      if (row.length !== total[i]!.length) throw new ShapeError("gradient", i, row.length, total[i]!.length);
      for (let t = 0; t < row.length; t++) total[i]![t]! += coefficient * row[t]!;
    });
  }
  return total;
}
