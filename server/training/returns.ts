import { checkOutcomes, checkTokens, eachStretch, unmaskedCount, zeroRows, type Tokens } from "./tokens.ts";

/**
 * Rewards per token: the rollout's outcome on one token, the KL penalty on every unmasked one.
 * Source: R1-Searcher `compute_reward` (outcome on the last token of the response, masked or not), OpenRLHF (on the last trained token).
 * An empty response has no token to carry a reward and stays empty.
 * @param kl nats per token, 0 where masked
 * @param klCoefficient reward points per nat; below 0 it counts as 0
 */
export function tokenRewards(
  outcomes: ArrayLike<number>,
  kl: Tokens,
  mask: Tokens,
  klCoefficient: number,
  outcomeOn: "last-token" | "last-trained-token" = "last-token",
): Float64Array[] {
  checkOutcomes("reward", outcomes, mask.length);
  checkTokens("KL estimate", kl, mask);
  const coefficient = Math.max(0, klCoefficient);
  const out = zeroRows(mask);
  mask.forEach((row, sequence) => {
    const rewards = out[sequence]!;
    const penalties = kl[sequence]!;
    eachStretch(row, (from, to) => {
      for (let token = from; token < to; token++) rewards[token] = -coefficient * penalties[token]!;
    });
    const place = outcomeOn === "last-token" || unmaskedCount(row) === 0 ? row.length - 1 : lastUnmasked(row);
    if (place >= 0) rewards[place]! += outcomes[sequence]!;
  });
  return out;
}

function lastUnmasked(row: ArrayLike<number>): number {
  let token = row.length - 1;
  while (token >= 0 && row[token] === 0) token--;
  return token;
}

export interface ReturnOptions {
  /** Discount per token, masked ones included. */
  readonly gamma: number;
  /**
   * What a masked stretch does to credit: `carry` hands later rewards through it (R1-Searcher); `reset` cuts it, so a search before the
   * documents earns nothing (SkyRL's REINFORCE++, kept for comparison).
   */
  readonly acrossMask?: "carry" | "reset";
}

/**
 * Discounted sums of the rewards from each token on, G_t = Σ_{t' ≥ t} γ^(t'−t) r_t'; 0 at masked tokens.
 * Source: R1-Searcher `get_cumulative_returns`, SkyRL `compute_reinforce_plus_plus_outcome_advantage`.
 * A reward on a masked token counts for the tokens before it, so rewards must be finite everywhere.
 */
export function discountedReturns(
  rewards: Tokens,
  mask: Tokens,
  { gamma, acrossMask = "carry" }: ReturnOptions,
): Float64Array[] {
  const ones = new Uint8Array(rewards.reduce((most, { length }) => Math.max(most, length), 0)).fill(1);
  checkTokens(
    "token reward",
    rewards,
    rewards.map(({ length }) => ones.subarray(0, length)),
  );
  checkTokens("token reward", rewards, mask);
  const out = zeroRows(mask);
  mask.forEach((row, sequence) => {
    const returns = out[sequence]!;
    const rewarded = rewards[sequence]!;
    let running = 0;
    for (let token = row.length - 1; token >= 0; token--) {
      running = rewarded[token]! + gamma * running;
      if (row[token] !== 0) returns[token] = running;
      else if (acrossMask === "reset") running = 0;
    }
  });
  return out;
}
