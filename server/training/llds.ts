import { checkOutcomes, checkTokens, ShapeError, type Tokens } from "./tokens.ts";

/** One action of a rollout: a stretch of policy tokens between two observations (a thought with its query, or the answer). */
export interface Action {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** 1, or less for the answer's tokens in the variant that spares them (LLDS-MA). */
  readonly weight?: number;
}

export interface LldsBatch {
  readonly logprobs: Tokens;
  readonly oldLogprobs: Tokens;
  readonly mask: Tokens;
  /** One per sequence, before whitening and KL: only rollouts at 0 or above are held. */
  readonly outcomeAdvantages: ArrayLike<number>;
  readonly actions: readonly (readonly Action[])[];
  /** What each token counts for, from `reductions.ts`. */
  readonly coefficients: Tokens;
}

/**
 * Lazy likelihood displacement regulariser: λ Σ c · max(0, log π_old − log π), over the tokens of those actions whose summed likelihood
 * fell, in rollouts that did not do worse than their group. It keeps the likelihood of right answers from sinking while reward still
 * rises, which is how search-augmented GRPO collapses. Source: "On Group Relative Policy Optimization Collapse in Search-R1",
 * arXiv 2512.04220; λ = 0.2 there.
 * @returns the term and its gradient with respect to log π; `held` counts the actions it acted on
 * @throws ShapeError, NonFiniteError, RangeError for an action outside its sequence
 */
export function lldsTerm(batch: LldsBatch, lambda = 0.2): { loss: number; gradient: Float64Array[]; held: number } {
  const { logprobs, oldLogprobs, mask, outcomeAdvantages, actions, coefficients } = batch;
  checkTokens("log-prob", logprobs, mask);
  checkTokens("old log-prob", oldLogprobs, mask);
  checkOutcomes("advantage", outcomeAdvantages, mask.length);
  if (actions.length !== mask.length) throw new ShapeError("actions", undefined, actions.length, mask.length);
  let loss = 0;
  let held = 0;
  const gradient = mask.map((row) => new Float64Array(row.length));
  actions.forEach((list, i) => {
    if (outcomeAdvantages[i]! < 0) return;
    for (const { start, end, weight = 1 } of list) {
      if (start < 0 || end > mask[i]!.length || start > end) {
        throw new RangeError(
          `Action ${start}..${end} lies outside the ${mask[i]!.length} tokens of sequence ${i}: pass token offsets.`,
        );
      }
      const unmasked = range(start, end).filter((t) => mask[i]![t] !== 0);
      const fall = (t: number) => oldLogprobs[i]![t]! - logprobs[i]![t]!;
      if (unmasked.reduce((sum, t) => sum + fall(t), 0) <= 0) continue;
      held++;
      for (const t of unmasked.filter((token) => fall(token) > 0)) {
        const strength = lambda * weight * coefficients[i]![t]!;
        loss += strength * fall(t);
        gradient[i]![t]! -= strength;
      }
    }
  });
  return { loss, gradient, held };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset);
}
