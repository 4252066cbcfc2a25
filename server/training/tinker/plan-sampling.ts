import type { SampleRequest } from "../engine.ts";
import { paddedLength } from "./padded-length.ts";

/** Requests that are sampled together. */
export interface SamplingBatch {
  /** Indices of requests; an index may repeat, and its later answers are dropped. Always as many as the engine's width. */
  readonly indices: readonly number[];
  /** Tokens asked for, at least as many as each request wants: one compiled shape serves many limits. */
  readonly maxTokens: number;
}

/**
 * Fills the engine's sampling width. Requests of about one prompt length and limit go together, since a batch is padded to its longest
 * prompt and runs as long as its largest limit. What is missing to a full batch is made up by copies of its shortest request: rows
 * that the engine would fill in by itself never stop, so a batch that is not full runs to its limit.
 *
 * The same request gives the same tokens in any batch, because each row has its own seed.
 */
export function planSampling(
  requests: readonly SampleRequest[],
  width: number,
  contextLength: number,
): SamplingBatch[] {
  const order = requests.map((_, at) => at);
  const padded = requests.map(({ prompt }) => paddedLength(prompt.length));
  order.sort((a, b) => requests[b]!.maxTokens - requests[a]!.maxTokens || padded[b]! - padded[a]! || a - b);
  const batches: SamplingBatch[] = [];
  for (let at = 0; at < order.length; at += width) {
    const indices = order.slice(at, at + width);
    const longest = Math.max(...indices.map((index) => requests[index]!.prompt.length));
    const limit = Math.max(...indices.map((index) => requests[index]!.maxTokens));
    const filler = indices.reduce((best, index) => (padded[index]! < padded[best]! ? index : best));
    while (indices.length < width) indices.push(filler);
    batches.push({ indices, maxTokens: roundedLimit(limit, contextLength - longest) });
  }
  return batches;
}

/** Small limits are compiled as they are; above 8 they go up to the next length that the engine pads to, where the context has room. */
function roundedLimit(limit: number, room: number): number {
  const rounded = limit <= 8 ? limit : limit <= 16 ? 16 : limit <= 24 ? 24 : paddedLength(limit);
  return rounded <= room ? rounded : limit;
}

/** Stops are an array of the compiled program: a list is filled up with its last id to a multiple of 4. */
export function paddedStops(ids: readonly number[]): number[] {
  const last = ids.at(-1);
  if (last === undefined) return [];
  const length = Math.ceil(ids.length / 4) * 4;
  return [...ids, ...Array.from({ length: length - ids.length }, () => last)];
}
