import type { Groups } from "./group-statistics.ts";
import { overStretches, unmaskedCount, type Tokens } from "./tokens.ts";

/**
 * How per-token losses become one number, as a coefficient c ≥ 0 for each token: loss = Σ c · f. Every reduction of the published
 * trainers is such a sum, so a gradient does not depend on how it is later cut into calls.
 *
 * - `sum`: 1 per token (SkyRL after its advantages were scaled, Tinker).
 * - `token-mean`: 1/N over all unmasked tokens (OpenRLHF, Search-R1, R1-Searcher within a packed micro-batch).
 * - `sequence-mean`: mean over each sequence's tokens, then over sequences (R1-Searcher's loss, GRPO). `empty` says whether a sequence
 *   without unmasked tokens still counts among the sequences: `count` (SkyRL) or `drop` (OpenRLHF).
 * - `group-mean`: token mean within each group, then over groups: prompts (SkyRL `prompt_mean`) or micro-batches (`token_mean_legacy`).
 * - `fixed-length`: sum over each sequence's tokens divided by one fixed length, then mean over sequences (Dr. GRPO).
 *
 * `of` replaces the count that the batch itself has, where this batch is a part of a larger optimiser step.
 */
export type Reduction =
  | { readonly kind: "sum" }
  | { readonly kind: "token-mean"; readonly of?: number }
  | { readonly kind: "sequence-mean"; readonly empty?: "count" | "drop"; readonly of?: number }
  | { readonly kind: "group-mean"; readonly groups: Groups }
  | { readonly kind: "fixed-length"; readonly length: number };

/** The coefficient of each token, 0 where masked. A batch without unmasked tokens gets zeros from every reduction. */
export function lossCoefficients(mask: Tokens, reduction: Reduction): Float64Array[] {
  const counts = mask.map(unmaskedCount);
  const perSequence = coefficients(counts, reduction);
  return overStretches(mask, (values, from, to, sequence) => void values.fill(perSequence[sequence]!, from, to));
}

/** One coefficient for all tokens of a sequence; not finite, and not used, where nothing is unmasked. */
function coefficients(counts: readonly number[], reduction: Reduction): number[] {
  switch (reduction.kind) {
    case "sum":
      return counts.map(() => 1);
    case "token-mean": {
      const tokens = reduction.of ?? sum(counts);
      return counts.map(() => 1 / tokens);
    }
    case "sequence-mean": {
      const own = reduction.empty === "drop" ? counts.filter((count) => count > 0).length : counts.length;
      return counts.map((count) => 1 / (count * (reduction.of ?? own)));
    }
    case "group-mean":
      return groupMean(counts, reduction.groups);
    case "fixed-length":
      return counts.map(() => 1 / (reduction.length * counts.length));
  }
}

function groupMean(counts: readonly number[], groups: Groups): number[] {
  const found = new Map<number, number>();
  for (const group of groups) {
    const coefficient = 1 / (sum(group.map((member) => counts[member]!)) * groups.length);
    for (const member of group) found.set(member, coefficient);
  }
  return counts.map((_, sequence) => {
    const coefficient = found.get(sequence);
    if (coefficient === undefined)
      throw new RangeError(`Sequence ${sequence} belongs to no group: name each sequence in one group.`);
    return coefficient;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
