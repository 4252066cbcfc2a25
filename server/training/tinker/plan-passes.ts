import { paddedLength } from "./padded-length.ts";
import { type Datum, datumBytes } from "./shifted-datum.ts";

/** What one call may carry: the limits of the protocol's own client. */
export const mostDatums = 1024;
export const mostCallBytes = 5_000_000;

/** One call: which datums go into it, by their index. */
export type PassPlan = number[];

export interface PlanOptions {
  wire: "proto" | "json";
  /**
   * Sequences per forward and backward pass where the engine pads each call to its longest sequence; absent where it packs by itself.
   */
  microBatch?: number;
}

/**
 * Splits datums into calls of at most 1,024 datums and 5 MB. Where the engine pads, the datums are first sorted by length, so that a
 * micro-batch holds sequences of about one length, and each call holds micro-batches of one padded length: fewer padded tokens are
 * computed, and every call but the last carries whole micro-batches. Gradients do not depend on the split.
 */
export function planPasses(datums: readonly Datum[], { wire, microBatch }: PlanOptions): PassPlan[] {
  const order = datums.map((_, at) => at);
  if (microBatch) order.sort((a, b) => datums[b]!.input.length - datums[a]!.input.length || a - b);
  const step = microBatch ?? 1;
  const plans: { indices: PassPlan; bytes: number; padded: number }[] = [];
  for (let at = 0; at < order.length; at += step) {
    const group = order.slice(at, at + step);
    const bytes = group.reduce((sum, index) => sum + datumBytes(datums[index]!, wire), 0);
    const padded = microBatch ? paddedLength(datums[group[0]!]!.input.length) : 0;
    const last = plans.at(-1);
    const fits =
      last !== undefined &&
      last.padded === padded &&
      last.indices.length + group.length <= mostDatums &&
      last.bytes + bytes <= mostCallBytes;
    if (fits) {
      last.indices.push(...group);
      last.bytes += bytes;
    } else plans.push({ indices: [...group], bytes, padded });
  }
  return plans.map(({ indices }) => indices);
}
