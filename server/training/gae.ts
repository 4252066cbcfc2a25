import { checkTokens, type Tokens } from "./tokens.ts";

export interface GaeOptions {
  readonly gamma: number;
  readonly lambda: number;
  /**
   * What a critic's value at a masked token is: `keep` reads it, so that credit flows through documents as through states (Search-R1,
   * SkyRL); `zero` takes value and reward there as 0 (OpenRLHF).
   */
  readonly maskedValues: "keep" | "zero";
}

/**
 * Generalised advantage estimation, unwhitened: A_t = Σ (γλ)^k δ_{t+k} with δ_t = r_t + γ V_{t+1} − V_t, and returns A_t + V_t.
 * Both are given at every token, masked ones included; whitening or the loss masks them.
 * Source: Search-R1 and SkyRL `compute_gae_advantage_return`, OpenRLHF `get_advantages_and_returns`.
 * @throws NonFiniteError at any token that is read
 */
export function generalisedAdvantages(
  rewards: Tokens,
  values: Tokens,
  mask: Tokens,
  { gamma, lambda, maskedValues }: GaeOptions,
): { advantages: Float64Array[]; returns: Float64Array[] } {
  const read = maskedValues === "zero" ? mask : mask.map((row) => new Uint8Array(row.length).fill(1));
  checkTokens("token reward", rewards, read);
  checkTokens("value", values, read);
  const returns: Float64Array[] = [];
  const advantages = read.map((row, sequence) => {
    const at = (tokens: Tokens, token: number) => (row[token] === 0 ? 0 : tokens[sequence]![token]!);
    const out = new Float64Array(row.length);
    const target = new Float64Array(row.length);
    let running = 0;
    let next = 0;
    for (let token = row.length - 1; token >= 0; token--) {
      const value = at(values, token);
      running = at(rewards, token) + gamma * next - value + gamma * lambda * running;
      next = value;
      out[token] = running;
      target[token] = running + value;
    }
    returns.push(target);
    return out;
  });
  return { advantages, returns };
}
