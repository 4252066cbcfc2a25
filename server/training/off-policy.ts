import { checkTokens, overUnmasked, unmaskedCount, type Tokens } from "./tokens.ts";

/**
 * What a token's loss is multiplied with because the engine that sampled it is not exactly the one that trains it. With w = π_old / π_rollout:
 *
 * - `truncate`: w of the token, bounded to [low, high] (OpenRLHF `tis`; SkyRL token TIS has no lower bound).
 * - `truncate-sequence`: the product of w over the sequence, bounded above (SkyRL sequence TIS).
 * - `drop-token`: tokens with w outside [low, high] get 0 (OpenRLHF `icepop`, SkyRL token mask).
 * - `drop-sequence`: sequences whose geometric mean of w lies outside [low, high] get 0 (OpenRLHF `seq-mask-tis`, SkyRL geometric mask).
 *
 * `weigh`: what is not dropped keeps w (OpenRLHF), or counts 1 (SkyRL).
 */
export type OffPolicyCorrection =
  | { readonly kind: "truncate"; readonly low?: number; readonly high: number }
  | { readonly kind: "truncate-sequence"; readonly high: number }
  | { readonly kind: "drop-token"; readonly low: number; readonly high: number; readonly weigh: boolean }
  | { readonly kind: "drop-sequence"; readonly low: number; readonly high: number; readonly weigh: boolean };

// e^20: the bound that OpenRLHF and SkyRL put on every ratio of log-probs before they use it.
const logRatioLimit = 20;

/**
 * The factor of each unmasked token, 0 where masked. It is a constant of the loss: nothing is differentiated through it.
 * @param oldLogprobs log π of the trainer for the tokens, in nats
 * @param rolloutLogprobs log π as the sampler reported it, in nats
 * @throws NonFiniteError, ShapeError
 */
export function offPolicyCorrections(
  oldLogprobs: Tokens,
  rolloutLogprobs: Tokens,
  mask: Tokens,
  correction: OffPolicyCorrection,
): Float64Array[] {
  checkTokens("old log-prob", oldLogprobs, mask);
  checkTokens("sampler log-prob", rolloutLogprobs, mask);
  const logRatio = (i: number, t: number) => oldLogprobs[i]![t]! - rolloutLogprobs[i]![t]!;
  const sums = mask.map((row, i) => {
    let sum = 0;
    for (let t = 0; t < row.length; t++) if (row[t] !== 0) sum += logRatio(i, t);
    return sum;
  });
  const inside = (ratio: number) => !("low" in correction) || (ratio >= correction.low! && ratio <= correction.high);
  return overUnmasked(mask, (i, t) => {
    const ratio = boundedExp(logRatio(i, t));
    switch (correction.kind) {
      case "truncate":
        return Math.min(correction.high, Math.max(correction.low ?? 0, ratio));
      case "truncate-sequence":
        return Math.min(correction.high, boundedExp(sums[i]!));
      case "drop-token":
        if (!inside(ratio)) return 0;
        return correction.weigh ? ratio : 1;
      case "drop-sequence":
        if (!inside(boundedExp(sums[i]! / unmaskedCount(mask[i]!)))) return 0;
        return correction.weigh ? ratio : 1;
    }
  });
}

function boundedExp(logRatio: number): number {
  return Math.exp(Math.min(logRatioLimit, Math.max(-logRatioLimit, logRatio)));
}
