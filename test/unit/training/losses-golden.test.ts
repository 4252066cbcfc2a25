import { describe, expect, it } from "vitest";
import { addGradients } from "../../../server/training/engine-datum.ts";
import { entropyTerm } from "../../../server/training/entropy.ts";
import { groupsOf } from "../../../server/training/group-statistics.ts";
import { type KlEstimator, klLoss, klTokens } from "../../../server/training/kl.ts";
import type { Objective } from "../../../server/training/objectives.ts";
import { type OffPolicyCorrection, offPolicyCorrections } from "../../../server/training/off-policy.ts";
import type { PolicyLossOptions } from "../../../server/training/policy-loss.ts";
import { lossCoefficients, type Reduction } from "../../../server/training/reductions.ts";
import { NonFiniteError } from "../../../server/training/tokens.ts";
import { whiten } from "../../../server/training/whiten.ts";
import { hasReference } from "../../fixtures/golden.ts";
import {
  agree,
  definedOr0,
  lossOf,
  type LossParams,
  type LossRow,
  type OffPolicySettings,
  onEdge,
  ragged,
  tokensOut,
} from "./golden-loss-rows.ts";
import { expectClose, expectFinite, programOf, rlRows } from "./golden-rows.ts";

const rows = rlRows<LossRow>("losses.jsonl");
const of = (program: string) => rows.filter((row) => programOf(row) === program);

const families: Record<string, { rows: number; check: (row: LossRow) => void }> = {
  "R1-Searcher:forward": { rows: 71, check: forkLoss },
  "R1-Searcher:training_step_actor": { rows: 71, check: forkStep },
  "Search-R1:compute_policy_loss": { rows: 44, check: searchR1Loss },
  "Search-R1:kl_penalty": {
    rows: 120,
    check: (row) => kl(row, searchR1Kl[row.params.kl_penalty]!, { kind: "token-mean" }),
  },
  "Search-R1:compute_entropy_loss": { rows: 6, check: entropy },
  "OpenRLHF:forward": { rows: 304, check: openRlhfLoss },
  "OpenRLHF:aggregate_loss": {
    rows: 103,
    check: (row) => kl(row, { kind: row.params.kl_estimator, limit: 10 }, { kind: "token-mean" }),
  },
  "OpenRLHF:masked_normalize": { rows: 5, check: openRlhfNormalise },
  "SkyRL:ppo_policy_loss": { rows: 188, check: skyRlLoss },
  "SkyRL:gspo_policy_loss": { rows: 24, check: skyRlLoss },
  "SkyRL:compute_policy_loss_cispo": { rows: 24, check: skyRlLoss },
  "SkyRL:sapo_policy_loss": { rows: 24, check: skyRlLoss },
  "SkyRL:rollout_is_policy_loss": { rows: 24, check: skyRlLoss },
  "SkyRL:importance_sampling_loss": { rows: 14, check: skyRlLoss },
  "SkyRL:dppo_policy_loss": { rows: 28, check: skyRlLoss },
  "SkyRL:cross_entropy_loss": { rows: 14, check: skyRlLoss },
  "SkyRL:compute_approx_kl": {
    rows: 118,
    check: (row) => kl(row, skyRlKl(row.params.kl_estimator_type), { kind: "sequence-mean" }),
  },
  "SkyRL:apply_loss_reduction_to_advantages_minibatch": { rows: 105, check: skyRlReduction },
};

/** Rows that nothing here answers to, with the reason. */
const leftOut: Record<string, { ids: string[]; why: string }> = {
  "R1-Searcher:forward": {
    ids: ["fork-valueloss"],
    why: "the fork's critic loss cannot run, and no critic is trained here",
  },
  "Search-R1:kl_penalty": {
    ids: ["sr1-kl-full"],
    why: "the full KL over the vocabulary raises NotImplementedError there",
  },
};

describe.skipIf(!hasReference("golden/rl"))("losses and gradients against the published programs", () => {
  for (const [program, { rows: count, check }] of Object.entries(families)) {
    it(`${program} agrees on its ${count} rows`, () => {
      const skipped = leftOut[program]?.ids ?? [];
      const mine = of(program).filter((row) => !skipped.includes(row.id));
      expect(mine.length).toBe(count);
      mine.forEach(check);
    });
  }

  it("leaves no row of the file unanswered but those named with a reason", () => {
    const named = Object.values(leftOut).flatMap(({ ids }) => ids);
    for (const id of named) expect(rows.some((row) => row.id === id)).toBe(true);
    const counted = Object.values(families).reduce((total, family) => total + family.rows, 0);
    expect(counted + named.length).toBe(rows.length);
  });
});

// The fork bounds no ratio. Where its live ratio overflows against a negative advantage its loss is infinite; ours names the token.
function forkLoss(row: LossRow): void {
  const inputs = ragged(row.inputs);
  const reduction: Reduction = row.params.layout === "packed" ? { kind: "token-mean" } : { kind: "sequence-mean" };
  const { clip_eps } = row.params;
  const run = () =>
    lossOf(inputs, reduction, { objective: { kind: "clip", low: clip_eps, high: clip_eps }, logRatioLimit: Infinity });
  if (row.out64.loss === Infinity) expect(run).toThrow(NonFiniteError);
  else agree(row, run(), row.out64.loss);
}

// A KL term over a micro-batch of several sequences cannot run in the fork (four rows raise); here it is the same token mean.
function forkStep(row: LossRow): void {
  const inputs = ragged(row.inputs);
  const { params } = row;
  const reduction: Reduction = { kind: "token-mean" };
  const estimator: KlEstimator = { kind: params.use_kl_estimator_k3 ? "k3" : "k1" };
  const run = () => {
    const policy = lossOf(inputs, reduction, {
      objective: { kind: "clip", low: params.clip_eps, high: params.clip_eps },
      logRatioLimit: Infinity,
    });
    const penalty = params.use_kl_loss
      ? klLoss(inputs.logprobs, inputs.ref_logprobs, inputs.mask, lossCoefficients(inputs.mask, reduction), estimator)
      : { loss: 0, gradient: policy.gradient.map((tokens) => new Float64Array(tokens.length)) };
    return {
      loss: policy.loss + params.kl_coef * penalty.loss,
      gradient: addGradients([
        { gradient: policy.gradient, coefficient: 1 },
        { gradient: penalty.gradient, coefficient: params.kl_coef },
      ]),
    };
  };
  if (row.error !== undefined) {
    const { gradient } = run();
    expectFinite(gradient, row.id);
  } else if (row.out64.total_loss === Infinity) expect(run).toThrow(NonFiniteError);
  else agree(row, run(), row.out64.total_loss);
}

function searchR1Loss(row: LossRow): void {
  const { cliprange } = row.params;
  const run = () =>
    lossOf(
      row.inputs,
      { kind: "token-mean" },
      { objective: { kind: "clip", low: cliprange, high: cliprange }, logRatioLimit: Infinity },
    );
  if (row.out64.loss === Infinity) {
    expect(run).toThrow(NonFiniteError);
    return;
  }
  const ours = run();
  agree(row, ours, row.out64.loss);
  expectClose(ours.approximateKl, definedOr0(row, row.out64.approx_kl), 1e-9, `${row.id} approx_kl`);
  if (!onEdge(row))
    expectClose(ours.clipFraction, definedOr0(row, row.out64.clip_fraction), 1e-9, `${row.id} clip_fraction`);
}

const searchR1Kl: Record<string, KlEstimator> = {
  kl: { kind: "k1" },
  abs: { kind: "abs" },
  mse: { kind: "k2" },
  low_var_kl: { kind: "k3", limit: 10 },
};

function skyRlKl(kind: "k1" | "k2" | "k3" | "abs"): KlEstimator {
  return kind === "k3" ? { kind, logRatioLimit: 20, limit: 10 } : { kind };
}

function kl(row: LossRow, estimator: KlEstimator, reduction: Reduction): void {
  const { logprobs, ref_logprobs, mask } = row.inputs;
  expectClose(klTokens(logprobs, ref_logprobs, mask, estimator), row.out64.kl, 1e-9, `${row.id} kl`, mask);
  agree(row, klLoss(logprobs, ref_logprobs, mask, lossCoefficients(mask, reduction), estimator), row.out64.loss);
}

function entropy(row: LossRow): void {
  const { logits, mask } = row.inputs;
  const ours = entropyTerm(logits, mask, lossCoefficients(mask, { kind: "token-mean" }));
  expectClose(ours.entropy, row.out64.entropy, 1e-9, `${row.id} entropy`, mask);
  expectClose(ours.sum, row.out64.loss, 1e-9, `${row.id} loss`);
  expectClose(ours.gradient, row.out64.grad as unknown as number[][][], 1e-9, `${row.id} gradient`);
}

function openRlhfLoss(row: LossRow): void {
  const { params, inputs } = row;
  const objective: Objective = {
    kind: "clip",
    low: params.clip_eps_low,
    high: params.clip_eps_high,
    ...(params.dual_clip !== null && { dual: params.dual_clip }),
  };
  const ranks = params.dp_size ?? 1;
  const reduction: Reduction = params.token_level_loss
    ? { kind: "token-mean", ...(params.batch_num_tokens && { of: params.batch_num_tokens / ranks }) }
    : {
        kind: "sequence-mean",
        empty: "drop",
        ...(params.global_batch_size && { of: params.global_batch_size / ranks }),
      };
  const corrections = params.enable_vllm_is_correction
    ? offPolicyCorrections(inputs.old_logprobs, inputs.rollout_logprobs, inputs.mask, openRlhfCorrection(params))
    : undefined;
  const sequenceRatio = params.policy_loss_type === "gspo";
  const ratio: PolicyLossOptions = sequenceRatio
    ? { objective, ratio: "sequence", logRatioLimit: Infinity }
    : { objective };
  const ours = lossOf(inputs, reduction, ratio, corrections);
  // Its mean over a sequence divides by the number of tokens plus 1e-8, ours by the number; a large sequence ratio magnifies that.
  agree(row, ours, row.out64.loss, params.token_level_loss ? 1e-9 : sequenceRatio ? 2e-7 : 2e-8);
  expectClose(ours.approximateKl, definedOr0(row, row.out64.approx_kl), 1e-9, `${row.id} approx_kl`);
  if (!onEdge(row))
    expectClose(ours.clipFraction, definedOr0(row, row.out64.clip_fraction), 1e-9, `${row.id} clip_fraction`);
}

function openRlhfCorrection(params: LossParams): OffPolicyCorrection {
  const [low, high] = params.vllm_is_truncated_threshold;
  switch (params.vllm_is_correction_type) {
    case "tis":
      return { kind: "truncate", low, high };
    case "icepop":
      return { kind: "drop-token", low, high, weigh: true };
    default:
      return { kind: "drop-sequence", low, high, weigh: true };
  }
}

// Each row of the tensor is whitened by itself there; masked places are compared nowhere.
function openRlhfNormalise(row: LossRow): void {
  const { tensor, mask } = row.inputs;
  const ours = tensor.map((tokens, i) => whiten([tokens], [mask[i]!], "floor")[0]!);
  expectClose(ours, tokensOut(row), 1e-9, row.id, mask);
}

function skyRlLoss(row: LossRow): void {
  const { params, inputs } = row;
  const { objective, ratio, against, limit } = skyRlObjective(params);
  const correction = skyRlCorrection(params.off_policy_correction);
  const corrections =
    correction && offPolicyCorrections(inputs.old_logprobs, inputs.rollout_logprobs, inputs.mask, correction);
  const old = against === "rollout" && inputs.rollout_logprobs ? inputs.rollout_logprobs : inputs.old_logprobs;
  const ours = lossOf(
    { ...inputs, old_logprobs: old },
    { kind: "sum" },
    { objective, ratio, logRatioLimit: limit },
    corrections,
  );
  agree(row, ours, row.out64.loss);
  const share = row.out64.metrics.clip_ratio;
  if (share !== undefined && !onEdge(row)) expectClose(ours.clipFraction, share, 1e-9, `${row.id} clip_ratio`);
}

function skyRlObjective(params: LossParams): {
  objective: Objective;
  ratio: "token" | "sequence-token";
  against: "old" | "rollout";
  limit: number;
} {
  const bounds = { low: params.eps_clip_low, high: params.eps_clip_high };
  const plain = { ratio: "token", against: "old", limit: 20 } as const;
  switch (params.policy_loss_type) {
    case "regular":
      return { ...plain, objective: { kind: "clip", ...bounds } };
    case "dual_clip":
      return { ...plain, objective: { kind: "clip", ...bounds, dual: params.clip_ratio_c } };
    case "gspo":
      return { ...plain, ratio: "sequence-token", limit: 10, objective: { kind: "clip", ...bounds } };
    case "cispo":
      return {
        ...plain,
        objective: { kind: "cispo", low: params.cispo.cispo_eps_clip_low, high: params.cispo.cispo_eps_clip_high },
      };
    case "rollout_is":
      return { ...plain, against: "rollout", objective: { kind: "drop", ...bounds } };
    case "sapo":
      return { ...plain, objective: { kind: "sapo", positive: params.sapo.tau_pos, negative: params.sapo.tau_neg } };
    case "importance_sampling":
      return { ...plain, limit: Infinity, objective: { kind: "importance" } };
    case "dppo":
      return {
        ...plain,
        against: "rollout",
        objective: {
          kind: "trust",
          measure: params.dppo.dppo_type === "binary_tv" ? "probability" : "divergence",
          low: params.dppo.delta_low,
          high: params.dppo.delta_high,
        },
      };
    default:
      expect(params.policy_loss_type).toBe("cross_entropy");
      return { ...plain, objective: { kind: "likelihood" } };
  }
}

function skyRlCorrection(settings: OffPolicySettings | undefined): OffPolicyCorrection | undefined {
  if (settings?.tis_ratio_type === "token") return { kind: "truncate", high: settings.token_tis_ratio_clip_high };
  if (settings?.tis_ratio_type === "sequence")
    return { kind: "truncate-sequence", high: settings.sequence_tis_ratio_clip_high };
  if (settings?.sequence_mask_metric === "geometric")
    return { kind: "drop-sequence", low: settings.geo_mask_low, high: settings.geo_mask_high, weigh: false };
  if (settings === undefined) return undefined;
  return {
    kind: "drop-token",
    low: settings.token_mask_is_threshold_low,
    high: settings.token_mask_is_threshold_high,
    weigh: false,
  };
}

// Masked places hold a scaled advantage there, which its masked sum ignores; here they are 0.
function skyRlReduction(row: LossRow): void {
  const { advantages, mask } = row.inputs;
  const { loss_reduction, micro_batch_size, max_seq_len, prompt_boundaries } = row.params;
  const spans = (boundaries: [number, number][]) =>
    boundaries.map(([from, to]) => Array.from({ length: to - from }, (_, k) => from + k));
  const reductions: Record<string, () => Reduction> = {
    token_mean: () => ({ kind: "token-mean" }),
    token_mean_legacy: () => ({ kind: "group-mean", groups: groupsOf(micro_batch_size, mask.length) }),
    sequence_mean: () => ({ kind: "sequence-mean", empty: "count" }),
    seq_mean_token_sum_norm: () => ({ kind: "fixed-length", length: max_seq_len }),
    prompt_mean: () => ({ kind: "group-mean", groups: spans(prompt_boundaries) }),
  };
  const coefficients = lossCoefficients(mask, reductions[loss_reduction]!());
  const ours = coefficients.map((tokens, i) => tokens.map((c, t) => c * advantages[i]![t]!));
  expectClose(ours, tokensOut(row), 1e-9, row.id, mask);
}
