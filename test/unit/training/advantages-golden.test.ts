import { describe, expect, it } from "vitest";
import {
  type AdvantageOptions,
  computeAdvantages,
  groupNorm,
  reinforcePlusPlusBaseline,
} from "../../../server/training/advantages.ts";
import { clipOutcomes, type Estimator, outcomeAdvantages } from "../../../server/training/estimators.ts";
import { generalisedAdvantages } from "../../../server/training/gae.ts";
import { groupByPrompt, groupsOf, groupStatistics } from "../../../server/training/group-statistics.ts";
import { type KlEstimator, klTokens, sequenceMeans } from "../../../server/training/kl.ts";
import { discountedReturns, tokenRewards } from "../../../server/training/returns.ts";
import { NonFiniteError } from "../../../server/training/tokens.ts";
import { whiten } from "../../../server/training/whiten.ts";
import { hasReference } from "../../fixtures/golden.ts";
import { type AdvantageOut, type AdvantageRow, type Rollout, tokensOut } from "./golden-advantage-rows.ts";
import { expectClose, expectFinite, expectZeros, onesLike, programOf, rlRows } from "./golden-rows.ts";

const rows = rlRows<AdvantageRow>("advantages.jsonl");
const of = (program: string) => rows.filter((row) => programOf(row) === program);
const id = (row: AdvantageRow) => row.id;
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

const families: Record<string, { rows: number; check: (row: AdvantageRow) => void }> = {
  "R1-Searcher:normalize": {
    rows: 105,
    check: (row) => (row.kind === "pipeline" ? forkPipeline(row) : forkWhitening(row)),
  },
  "R1-Searcher:compute_approx_kl": { rows: 16, check: forkKl },
  "R1-Searcher:compute_reward": { rows: 8, check: forkTokenRewards },
  "R1-Searcher:get_cumulative_returns": { rows: 9, check: forkReturns },
  "R1-Searcher:masked_mean": { rows: 4, check: forkMaskedMean },
  "Search-R1:compute_grpo_outcome_advantage": {
    rows: 26,
    check: (row) => outcomeOverTokens(row, grpo(row), tokensOut(row)),
  },
  "Search-R1:compute_gae_advantage_return": { rows: 26, check: gae },
  "Search-R1:compute_advantage": { rows: 52, check: searchR1KlInReward },
  "OpenRLHF:compute_advantages_and_returns": { rows: 84, check: openRlhf },
  "SkyRL:compute_grpo_outcome_advantage": {
    rows: 52,
    check: (row) => outcomeOverTokens(row, grpo(row), row.out64.advantages),
  },
  "SkyRL:compute_rloo_outcome_advantage": {
    rows: 26,
    check: (row) => outcomeOverTokens(row, { kind: "rloo" }, row.out64.advantages),
  },
  "SkyRL:compute_reinforce_plus_plus_outcome_advantage": { rows: 29, check: skyRlReinforcePlusPlus },
  "SkyRL:compute_gae_advantage_return": { rows: 26, check: gae },
};

/** Rows that nothing here answers to, with the reason. */
const leftOut: Record<string, { rows: number; why: string }> = {
  "SkyRL:compute_maxrl_advantage": {
    rows: 26,
    why: "MaxRL divides by the group's mean reward, which means something for rewards of 0 and 1 only; rewards of R1-Searcher reach -2, where it turns the sign",
  },
  "R1-Searcher:masked_normalize": { rows: 1, why: "cannot run in the fork: it is called without its mask" },
};

describe.skipIf(!hasReference("golden/rl"))("advantages against the published programs", () => {
  for (const [program, { rows: count, check }] of Object.entries(families)) {
    it(`${program} agrees on its ${count} rows`, () => {
      const mine = of(program);
      expect(mine.length).toBe(count);
      mine.forEach(check);
    });
  }

  it("leaves no row of the file unanswered but those named with a reason", () => {
    for (const [program, { rows: count, why }] of Object.entries(leftOut)) {
      expect(of(program).length, why).toBe(count);
    }
    const counted = [...Object.values(families), ...Object.values(leftOut)].reduce(
      (total, family) => total + family.rows,
      0,
    );
    expect(counted).toBe(rows.length);
  });
});

// Where the fork divides rounding by itself (all rewards equal) or 0 by 0 (a group of one, a wholly masked trajectory or buffer), ours is 0.
function forkPipeline(row: AdvantageRow): void {
  const sequences = (row.inputs as unknown as Rollout[] | Rollout[][]).flat();
  const { params } = row;
  if (row.error !== undefined) {
    forkPipelineError(row, sequences);
    return;
  }
  const estimators: Record<string, AdvantageOptions> = {
    reinforce_baseline: reinforcePlusPlusBaseline,
    group_norm: groupNorm,
    rloo: { ...reinforcePlusPlusBaseline, estimator: { kind: "rloo" } },
  };
  const ours = computeAdvantages(
    {
      rewards: sequences.map((sequence) => sequence.reward),
      groups: groupsOf(params.n_samples_per_prompt, sequences.length),
      mask: sequences.map((sequence) => sequence.mask),
      logprobs: sequences.map((sequence) => sequence.logprobs),
      referenceLogprobs: sequences.map((sequence) => sequence.ref_logprobs),
    },
    {
      ...estimators[params.estimator]!,
      clip: params.reward_clip_range,
      gamma: params.gamma,
      klInReward: { estimator: { kind: params.use_kl_estimator_k3 ? "k3" : "k1" }, coefficient: params.kl_coef },
    },
  );
  const mask = sequences.map((sequence) => sequence.mask);
  const reference = row.ranks === 2 ? mergeRanks(row.out64 as unknown as AdvantageOut[]) : row.out64;
  const label = id(row);
  expectFinite(
    [
      ...ours.centred,
      ...ours.klMeans,
      ...ours.returns.flatMap((r) => [...r]),
      ...ours.advantages.flatMap((r) => [...r]),
    ],
    label,
  );
  expectClose(ours.kl, reference.kl, 1e-9, `${label} kl`);
  reference.kl_mean.forEach((value: number, k: number) =>
    expectClose(ours.klMeans[k], Number.isNaN(value) ? 0 : value, 1e-9, `${label} kl_mean`),
  );
  if (/^(equal|group1)/.test(label) && params.estimator !== "reinforce_baseline") {
    expectZeros(ours.centred, `${label} centred`);
    if (params.kl_coef === 0) expectZeros(ours.advantages, `${label} advantages`);
    return;
  }
  expectClose(ours.centred, reference.centred, 1e-9, `${label} centred`);
  expectClose(ours.tokenRewards, reference.token_rewards, 1e-9, `${label} token_rewards`);
  expectClose(ours.returns, reference.returns, 1e-9, `${label} returns`);
  expectZeros(masked(ours.advantages, mask), `${label} masked advantages`);
  if (mask.flat().every((m) => m === 0)) return;
  expectClose(ours.advantages, reference.advantages, 1e-9, `${label} advantages`, mask);
  expectClose(
    ours.tokenRewards.map((tokens) => sum([...tokens])),
    reference.return_sum,
    1e-9,
    `${label} return_sum`,
  );
}

function mergeRanks(ranks: AdvantageOut[]): AdvantageOut {
  const merged = Object.keys(ranks[0]!).map((key) => [
    key,
    ranks.flatMap((rank) => rank[key as keyof AdvantageOut] as number[]),
  ]);
  return Object.fromEntries(merged) as AdvantageOut;
}

function masked(tokens: readonly ArrayLike<number>[], mask: readonly ArrayLike<number>[]): number[] {
  return tokens.flatMap((row, i) => Array.from(row).filter((_, t) => mask[i]![t] === 0));
}

// What made the fork raise is a typed error here, or defined.
function forkPipelineError(row: AdvantageRow, sequences: Rollout[]): void {
  const run = (options: AdvantageOptions) =>
    computeAdvantages(
      {
        rewards: sequences.map((sequence) => sequence.reward),
        groups: groupsOf(row.id.startsWith("unknown") ? 2 : row.params.n_samples_per_prompt, sequences.length),
        mask: sequences.map((sequence) => sequence.mask),
      },
      options,
    );
  if (row.id.startsWith("reward-pairs")) expect(() => run(reinforcePlusPlusBaseline)).toThrow(NonFiniteError);
  else if (row.id === "n-not-dividing") expect(() => run(reinforcePlusPlusBaseline)).toThrow(RangeError);
  else if (row.id === "empty-response")
    expect(run(reinforcePlusPlusBaseline).advantages.map((tokens) => tokens.length)).toEqual([2, 0, 2, 2]);
  else {
    // `reinforce`, `grpo`, `gae` are unknown to the fork; here the first two are estimators and the third takes a critic's values.
    expect(row.id).toMatch(/^unknown-(reinforce|grpo|gae)$/);
    expectFinite(run({ ...reinforcePlusPlusBaseline, estimator: { kind: "reinforce" } }).advantages, row.id);
  }
}

// A masked place holds 0 here, and -mean/std in the fork. The fork adds masked values into the mean, which is harmless only because its
// returns are 0 there; ours does not read them.
function forkWhitening(row: AdvantageRow): void {
  const values = row.inputs.advantages;
  const mask = row.inputs.retrieve_mask.map((m, i) => m ?? values[i]!.map(() => 1));
  const ours = whiten(values, mask);
  expectZeros(masked(ours, mask), row.id);
  if (row.id === "whiten-all-masked") expectZeros(ours, row.id);
  else if (row.id === "whiten-mask-not-zeroed") {
    const zeroed = values.map((tokens, i) => tokens.map((value, t) => (mask[i]![t] === 0 ? 0 : value)));
    expect(ours).toEqual(whiten(zeroed, mask));
  } else expectClose(ours, tokensOut(row), 1e-9, row.id, mask);
}

function forkKl(row: AdvantageRow): void {
  const { log_probs, log_probs_base, retrieve_mask, action_mask } = row.inputs;
  const mask = onesLike(log_probs).map((tokens, i) =>
    tokens.map((_, t) => (retrieve_mask?.[i]?.[t] ?? 1) * (action_mask?.[i]?.[t] ?? 1)),
  );
  expectClose(
    klTokens(log_probs, log_probs_base, mask, { kind: row.params.use_kl_estimator_k3 ? "k3" : "k1" }),
    tokensOut(row),
    1e-9,
    row.id,
  );
}

// The fork's batched form takes a KL that was not masked before and subtracts it at masked tokens too; ours never has a KL there.
function forkTokenRewards(row: AdvantageRow): void {
  const { r, kl, action_mask } = row.inputs;
  const { kl_coef, reward_clip_range } = row.params;
  const outcomes = reward_clip_range ? clipOutcomes(r, reward_clip_range) : r;
  const coefficient = Math.max(0, kl_coef);
  const expected = tokensOut(row).map((tokens, i) =>
    tokens.map((value, t) => (action_mask[i]![t] === 0 ? value + coefficient * kl[i]![t]! : value)),
  );
  expectClose(tokenRewards(outcomes, kl, action_mask, kl_coef, "last-trained-token"), expected, 1e-9, row.id);
}

function forkReturns(row: AdvantageRow): void {
  const { action_mask, retrieve_mask, rewards } = row.inputs as unknown as Partial<
    Record<"action_mask" | "retrieve_mask", number[][]>
  > & {
    rewards: number[][];
  };
  // The action mask takes rewards away before they are summed, the retrieval mask takes returns away afterwards.
  const paid = rewards.map((tokens, i) => tokens.map((value, t) => value * (action_mask?.[i]?.[t] ?? 1)));
  expectClose(
    discountedReturns(paid, retrieve_mask ?? onesLike(rewards), { gamma: row.params.gamma }),
    tokensOut(row),
    1e-9,
    row.id,
  );
}

// A mean over no token is 0, not 0/0. Two masks at once cannot be passed here, where a mask is one array.
function forkMaskedMean(row: AdvantageRow): void {
  if (row.error !== undefined) {
    expect(row.id).toBe("masked-mean-both");
    return;
  }
  const { tensor, retrieve_mask } = row.inputs as unknown as Record<"tensor" | "retrieve_mask", number[] | number[][]>;
  const means = row.out64 as unknown as number | number[];
  const expected = Array.isArray(means) ? means : [Number.isNaN(means) ? 0 : means];
  expectClose(sequenceMeans(asRows(tensor), asRows(retrieve_mask)), expected, 1e-9, row.id);
}

function asRows(tokens: number[] | number[][]): number[][] {
  return typeof tokens[0] === "number" ? [tokens as number[]] : (tokens as number[][]);
}

/** Reward-equal groups are 0 in ours; a reference that divides rounding by the epsilon may be off by its noise. */
function outcomeOverTokens(row: Pick<AdvantageRow, "id" | "inputs">, estimator: Estimator, expected: number[][]): void {
  const { token_level_rewards, mask, index } = row.inputs;
  const rewards = token_level_rewards.map(sum);
  const groups = groupByPrompt(index);
  const outcomes = outcomeAdvantages(rewards, groups, estimator);
  const ours = discountedReturns(tokenRewards(outcomes, zeros(mask), mask, 0), mask, { gamma: 1 });
  for (const group of groups) {
    const noise = group.length > 1 && !groupStatistics(rewards, group).spread;
    for (const i of group) {
      if (noise) expectZeros(ours[i]!, row.id);
      else expectClose(ours[i], expected[i]!, 1e-9, row.id);
    }
  }
}

function zeros(mask: number[][]): number[][] {
  return mask.map((tokens) => tokens.map(() => 0));
}

function grpo(row: AdvantageRow): Estimator {
  return row.params.grpo_norm_by_std === false
    ? { kind: "baseline", single: "reward" }
    : { kind: "grpo", epsilon: row.params.epsilon, single: "reward" };
}

// A buffer with one unmasked token is whitened to 0 here and raises in both programs. Their whitened advantages at masked tokens hold
// -mean/std and are compared only where the loss reads them.
function gae(row: AdvantageRow): void {
  const { token_level_rewards, values, mask } = row.inputs;
  const { gamma, lam, lambd } = row.params;
  const { advantages, returns } = generalisedAdvantages(token_level_rewards, values, mask, {
    gamma,
    lambda: lam ?? lambd,
    maskedValues: "keep",
  });
  const whitened = whiten(advantages, mask, "add-unbiased");
  if (row.error !== undefined) {
    expect(row.id).toMatch(/one-token-total$/);
    expectZeros(whitened, row.id);
    return;
  }
  expectClose(returns, row.out64.returns, 1e-9, `${row.id} returns`);
  expectClose(whitened, row.out64.advantages, 1e-9, row.id, mask);
}

function searchR1KlInReward(row: AdvantageRow): void {
  const { token_level_scores, attention_mask, info_mask, old_logprobs, ref_logprobs } = row.inputs;
  const kl: KlEstimator = row.params.kl_penalty === "kl" ? { kind: "k1" } : { kind: "k3", limit: 10 };
  const mask = info_mask ?? attention_mask;
  const penalty = klTokens(old_logprobs, ref_logprobs, mask, kl);
  const rewards = token_level_scores.map((scores, i) =>
    scores.map((score, t) => score - row.params.kl_coef * penalty[i]![t]!),
  );
  expectClose(rewards, row.out64.token_level_rewards, 1e-9, `${row.id} token_level_rewards`);
  const kept = mask.flatMap((tokens, i) => (sum(tokens) > 0 ? [sequenceMeans(penalty, mask)[i]!] : []));
  // One response without tokens makes the program's mean KL 0/0; ours leaves such a row at 0.
  if (kept.length === mask.length)
    expectClose(sum(kept) / kept.length, row.out64.kl as unknown as number, 1e-9, `${row.id} kl`);
  else expect(row.out64.kl).toBeNaN();
  outcomeOverTokens(
    { id: row.id, inputs: { ...row.inputs, token_level_rewards: rewards, mask: attention_mask } },
    { kind: "grpo", epsilon: row.params.epsilon, single: "reward" },
    row.out64.advantages,
  );
}

function skyRlReinforcePlusPlus(row: AdvantageRow): void {
  const { token_level_rewards, mask } = row.inputs;
  const cut = discountedReturns(token_level_rewards, mask, { gamma: row.params.gamma, acrossMask: "reset" });
  const whitened = whiten(cut, mask, "add-unbiased");
  if (row.error !== undefined) {
    expect(row.id).toMatch(/one-token-total$/);
    expectZeros(whitened, row.id);
    return;
  }
  expectClose(cut, row.out64.returns, 1e-9, `${row.id} returns`, mask);
  expectClose(whitened, row.out64.advantages, 1e-9, row.id, mask);
}

function openRlhf(row: AdvantageRow): void {
  const { logprobs, ref_logprobs, action_mask, values } = row.inputs;
  const { rewards } = row.inputs as unknown as { rewards: number[] };
  const { params } = row;
  const groups = groupsOf(params.n_samples_per_prompt, rewards.length);
  const estimators: Record<string, Estimator> = {
    reinforce: { kind: "reinforce" },
    reinforce_baseline: { kind: "baseline" },
    group_norm: { kind: "grpo", epsilon: 1e-9 },
    rloo: { kind: "rloo" },
    dr_grpo: { kind: "baseline" },
    gae: { kind: "reinforce" },
  };
  const whitens = ["gae", "reinforce", "reinforce_baseline"].includes(params.estimator);
  const whitening = whitens ? (params.no_std_norm ? "centre" : "floor") : null;
  const gamma = ["gae", "reinforce"].includes(params.estimator) ? params.gamma : 1;
  const ours = computeAdvantages(
    { rewards, groups, mask: action_mask, logprobs, referenceLogprobs: ref_logprobs },
    {
      estimator: estimators[params.estimator]!,
      clip: params.reward_clip_range,
      klInReward: { estimator: { kind: params.kl_estimator, limit: 10 }, coefficient: params.kl_coef },
      outcomeOn: "last-trained-token",
      gamma,
      whitening,
    },
  );
  const label = row.id;
  const reference = row.out64;
  expectFinite(ours.advantages, label);
  groups.forEach((group) => {
    const { std } = groupStatistics(rewards, group);
    for (const i of group) expectClose(std, reference.group_reward_std?.[i] ?? std, 1e-9, `${label} group_reward_std`);
  });
  if (params.estimator === "gae") {
    const estimate = generalisedAdvantages(ours.tokenRewards, values, action_mask, {
      gamma,
      lambda: params.lambd,
      maskedValues: "zero",
    });
    expectClose(estimate.returns, reference.returns, 1e-9, `${label} returns`, action_mask);
    const advantages = whiten(estimate.advantages, action_mask, whitening!);
    if (action_mask.flat().includes(1)) expectClose(advantages, reference.advantages, 1e-9, label, action_mask);
    else expectZeros(advantages, label);
    return;
  }
  // Groups of one, and a buffer without unmasked tokens, are 0/0 there and 0 here. Returns at a hole of the mask are not 0 there.
  expectClose(ours.returns, nanAsZero(reference.returns), 1e-9, `${label} returns`, action_mask);
  expectClose(ours.advantages, nanAsZero(reference.advantages), 1e-9, label, action_mask);
}

function nanAsZero(tokens: number[][]): number[][] {
  return tokens.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : value)));
}
