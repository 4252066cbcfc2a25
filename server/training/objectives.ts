/**
 * What one token contributes to a policy loss. `slope` is its derivative with respect to log π of that token, everything else held.
 * `clipped` marks tokens whose objective was bounded.
 */
export interface TokenObjective {
  readonly value: number;
  readonly slope: number;
  readonly clipped: boolean;
}

/** What an objective is told of a token: log-probs in nats under the policy that is trained, and under the one it is compared with. */
export interface ObjectiveToken {
  readonly logprob: number;
  readonly old: number;
  /** log π − log π_old, of the token or, for sequence ratios, the mean over its sequence. */
  readonly logRatio: number;
  readonly advantage: number;
}

/**
 * - `clip`: −min(ρA, clip(ρ, 1 − low, 1 + high) A) (PPO; R1-Searcher low = high = 0.2). `dual` bounds the loss of a negative advantage by
 *   dual · |A|.
 * - `importance`: −ρA (Tinker, SkyRL `importance_sampling`).
 * - `cispo`: −sg(clip(ρ)) A log π: clipped tokens keep a bounded gradient.
 * - `drop`: −sg(ρ) A log π within (1 − low, 1 + high), nothing outside (SkyRL `rollout_is`).
 * - `sapo`: −A σ(τ(ρ − 1)) 4/τ, with its own τ for positive advantages and the rest.
 * - `trust`: −ρA, without the tokens that moved further than `low` or `high` the way the advantage pushes them (DPPO): `probability`
 *   measures |π − π_old|, `divergence` the KL between the two coin flips "this token or not".
 * - `likelihood`: −log π (supervised start).
 */
export type Objective =
  | { readonly kind: "clip"; readonly low: number; readonly high: number; readonly dual?: number }
  | { readonly kind: "importance" }
  | { readonly kind: "cispo"; readonly low: number; readonly high: number }
  | { readonly kind: "drop"; readonly low: number; readonly high: number }
  | { readonly kind: "sapo"; readonly positive: number; readonly negative: number }
  | {
      readonly kind: "trust";
      readonly measure: "probability" | "divergence";
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: "likelihood" };

/** R1-Searcher's released loss: symmetric clip of 0.2. */
export const r1SearcherClip: Objective = { kind: "clip", low: 0.2, high: 0.2 };

/**
 * One token's contribution and its derivative.
 * @param limit bound of |log ρ|; where it acts, ρ is constant and gives no gradient
 */
export function objectiveOf(token: ObjectiveToken, objective: Objective, limit: number): TokenObjective {
  const { logprob, advantage } = token;
  if (objective.kind === "likelihood") return { value: -logprob, slope: -1, clipped: false };
  const ratio = Math.exp(Math.min(limit, Math.max(-limit, token.logRatio)));
  // dρ/d log π = ρ where the bound does not act
  const ratioSlope = Math.abs(token.logRatio) <= limit ? ratio : 0;
  switch (objective.kind) {
    case "clip":
      return clipped(ratio, ratioSlope, advantage, objective);
    case "importance":
      return { value: -ratio * advantage, slope: -ratioSlope * advantage, clipped: false };
    case "cispo": {
      const weight = bounded(ratio, objective);
      return { value: -weight * advantage * logprob, slope: -weight * advantage, clipped: weight !== ratio };
    }
    case "drop": {
      const outside = ratio <= 1 - objective.low || ratio >= 1 + objective.high;
      if (outside) return { value: 0, slope: 0, clipped: true };
      return { value: -ratio * advantage * logprob, slope: -ratio * advantage, clipped: false };
    }
    case "sapo": {
      const tau = advantage > 0 ? objective.positive : objective.negative;
      const gate = 1 / (1 + Math.exp(-tau * (ratio - 1)));
      return {
        value: (-4 * gate * advantage) / tau,
        slope: -4 * gate * (1 - gate) * ratioSlope * advantage,
        clipped: false,
      };
    }
    case "trust":
      if (leftRegion(token, objective)) return { value: 0, slope: 0, clipped: true };
      return { value: -ratio * advantage, slope: -ratioSlope * advantage, clipped: false };
  }
}

function bounded(ratio: number, { low, high }: { low: number; high: number }): number {
  return Math.min(1 + high, Math.max(1 - low, ratio));
}

function clipped(
  ratio: number,
  ratioSlope: number,
  advantage: number,
  bounds: Extract<Objective, { kind: "clip" }>,
): TokenObjective {
  const free = ratio * advantage;
  const held = bounded(ratio, bounds) * advantage;
  // A ratio outside the range counts as clipped only where the bound makes the objective smaller.
  const clipActs = held < free;
  const value = -Math.min(free, held);
  const ceiling = bounds.dual !== undefined && advantage < 0 ? -bounds.dual * advantage : Infinity;
  if (value > ceiling) return { value: ceiling, slope: 0, clipped: clipActs };
  // A zero advantage has no slope even where the ratio overflowed.
  return { value, slope: clipActs || advantage === 0 ? 0 : -ratioSlope * advantage, clipped: clipActs };
}

// Keeps the logarithm finite for a probability of 1; the published constant.
const probabilityFloor = 1e-8;

function leftRegion(
  { logprob, old, advantage }: ObjectiveToken,
  region: Extract<Objective, { kind: "trust" }>,
): boolean {
  const p = Math.exp(logprob);
  const q = Math.exp(old);
  const outward = advantage > 0 ? p - q : advantage < 0 ? q - p : 0;
  const bound = advantage > 0 ? region.high : region.low;
  if (outward <= 0) return false;
  if (region.measure === "probability") return outward > bound;
  return q * (old - logprob) + (1 - q) * Math.log((1 - q + probabilityFloor) / (1 - p + probabilityFloor)) > bound;
}
