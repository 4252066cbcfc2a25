import { expect } from "vitest";
import type { KlEstimator } from "../../../server/training/kl.ts";
import { policyLoss, type PolicyLoss, type PolicyLossOptions } from "../../../server/training/policy-loss.ts";
import { lossCoefficients, type Reduction } from "../../../server/training/reductions.ts";
import { expectClose, expectFinite, expectZeros, type GoldenRow } from "./golden-rows.ts";

/** Settings of the four programs. */
export interface LossParams {
  layout?: string;
  clip_eps: number;
  cliprange: number;
  clip_eps_low: number;
  clip_eps_high: number;
  eps_clip_low: number;
  eps_clip_high: number;
  dual_clip: number | null;
  clip_ratio_c: number;
  use_kl_loss: boolean;
  use_kl_estimator_k3: boolean;
  kl_coef: number;
  kl_penalty: string;
  kl_estimator: KlEstimator["kind"];
  kl_estimator_type: KlEstimator["kind"];
  token_level_loss: boolean;
  policy_loss_type: string;
  enable_vllm_is_correction?: boolean;
  vllm_is_truncated_threshold: [number, number];
  vllm_is_correction_type: string;
  dp_size?: number;
  batch_num_tokens?: number;
  global_batch_size?: number;
  cispo: Record<"cispo_eps_clip_low" | "cispo_eps_clip_high", number>;
  sapo: Record<"tau_pos" | "tau_neg", number>;
  dppo: { dppo_type: string; delta_low: number; delta_high: number };
  off_policy_correction?: OffPolicySettings;
  loss_reduction: string;
  micro_batch_size: number;
  max_seq_len: number;
  prompt_boundaries: [number, number][];
}

export interface OffPolicySettings {
  tis_ratio_type: string | null;
  token_tis_ratio_clip_high: number;
  sequence_tis_ratio_clip_high: number;
  sequence_mask_metric: string | null;
  geo_mask_low: number;
  geo_mask_high: number;
  token_mask_is_threshold_low: number;
  token_mask_is_threshold_high: number;
}

/** Arrays are [sequence][token]; logits are [sequence][token][vocabulary]. */
export interface LossInputs {
  logprobs: number[][];
  old_logprobs: number[][];
  ref_logprobs: number[][];
  rollout_logprobs: number[][];
  advantages: number[][];
  mask: number[][];
  tensor: number[][];
  logits: number[][][];
  lengths?: number[];
}

interface LossOut {
  loss: number;
  total_loss: number;
  grad: number[][];
  kl: number[][];
  entropy: number[][];
  clip_fraction: number;
  approx_kl: number;
  metrics: { clip_ratio?: number };
}

/** A row of losses.jsonl. */
export type LossRow = GoldenRow<LossParams, LossInputs, LossOut>;

/** What a function that returns one array gave. */
export const tokensOut = (row: LossRow) => row.out64 as unknown as number[][];

/** The padded rows of a reference batch cut to their real lengths, where they are given. */
export function ragged(inputs: LossInputs): LossInputs {
  if (!inputs.lengths) return inputs;
  const { lengths, ...tokens } = inputs;
  const cut = ([name, value]: [string, number[][]]) => [name, value.map((row, i) => row.slice(0, lengths[i]))];
  return Object.fromEntries(Object.entries(tokens as unknown as Record<string, number[][]>).map(cut)) as LossInputs;
}

/** Our loss on a reference batch. */
export function lossOf(
  inputs: LossInputs,
  reduction: Reduction,
  options: PolicyLossOptions,
  corrections?: Float64Array[],
): PolicyLoss {
  return policyLoss(
    {
      logprobs: inputs.logprobs,
      oldLogprobs: inputs.old_logprobs,
      advantages: inputs.advantages,
      mask: inputs.mask,
      coefficients: lossCoefficients(inputs.mask, reduction),
      ...(corrections && { corrections }),
    },
    options,
  );
}

// On a clip edge one rounding of the ratio decides the side: there the loss is compared and the gradient is not.
export const onEdge = (row: LossRow) => row.id.includes("at-boundary");

/** Loss and gradient agree; a program's 0/0 over no tokens is 0 in ours, and what it made of it is only held to be finite here. */
export function agree(
  row: LossRow,
  ours: { loss: number; gradient: Float64Array[] },
  loss: number,
  tolerance = 1e-9,
): void {
  expectFinite([ours.loss, ...ours.gradient.flatMap((tokens) => [...tokens])], row.id);
  if (Number.isNaN(loss)) {
    undefinedThere(row, ours);
    return;
  }
  expectClose(ours.loss, loss, tolerance, `${row.id} loss`);
  if (onEdge(row)) return;
  const packed = row.params.layout === "packed";
  const mine = packed ? [ours.gradient.flatMap((tokens) => [...tokens])] : ours.gradient;
  row.out64.grad.forEach((tokens, i) =>
    tokens.forEach((slope, t) => {
      // Padding beyond a row's length has no place in ours and no slope there.
      if (!Number.isNaN(slope)) {
        expectClose(mine[i]![t] ?? 0, slope, tolerance, `${row.id} gradient[${i}][${t}]`);
        return;
      }
      // Where a ratio overflowed beyond the clip the policy has no slope, and the fork multiplies its infinity by that 0. What is left
      // is the slope of the KL term, if there is one.
      expect(row.id).toMatch(/overflow/);
      if (!row.params.use_kl_loss) expectZeros(mine[i]![t]!, row.id);
    }),
  );
}

const undefinedCases = /(all-masked|one-token-masked|overflow-masked)/;

/** Only cases without any unmasked token somewhere, or with an overflow at a masked one, may be undefined in the reference. */
function undefinedThere(row: LossRow, ours: { loss: number; gradient: Float64Array[] }): void {
  expect(row.id).toMatch(undefinedCases);
  if (/(-all-masked|one-token-masked)/.test(row.id) && !row.id.includes("row-all-masked"))
    expectZeros([ours.loss, ...ours.gradient.map((g) => [...g])].flat(), row.id);
}

/** A mean over no token, 0/0 there, is 0 here. */
export function definedOr0(row: LossRow, value: number): number {
  if (!Number.isNaN(value)) return value;
  expect(row.id).toMatch(undefinedCases);
  return 0;
}
