import type { Groups } from "./group-statistics.ts";
import { unmaskedCount, type Tokens } from "./tokens.ts";

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
  return mask.map((row, sequence) => {
    const coefficient = coefficientOf(sequence, counts, reduction);
    return Float64Array.from({ length: row.length }, (_, token) => (row[token] === 0 ? 0 : coefficient));
  });
}

function coefficientOf(sequence: number, counts: readonly number[], reduction: Reduction): number {
  switch (reduction.kind) {
    case "sum":
      return 1;
    case "token-mean":
      return 1 / (reduction.of ?? sum(counts));
    case "sequence-mean": {
      const sequences = reduction.of ?? (reduction.empty === "drop" ? counts.filter((count) => count > 0).length : counts.length);
      return 1 / (counts[sequence]! * sequences);
    }
    case "group-mean": {
      const group = reduction.groups.find((members) => members.includes(sequence));
      if (!group) throw new RangeError(`Sequence ${sequence} belongs to no group: name each sequence in one group.`);
      return 1 / (sum(group.map((member) => counts[member]!)) * reduction.groups.length);
    }
    case "fixed-length":
      return 1 / (reduction.length * counts.length);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
