import type { Trajectory } from "../../../protocol/trajectory.ts";
import type { TextTokenizer } from "../../models/tokenizer.ts";
import { tokenMask } from "../../rollout/token-transcript.ts";

/** A trajectory as training sees it; arrays are as long as `ids`. */
export interface MaskedSequence {
  ids: readonly number[];
  /** The retrieval mask: 1 where the policy wrote the token, 0 in prompt and environment. */
  mask: Uint8Array;
  /** Sampled log-probs in nats, 0 where masked; undefined where the trajectory has none. */
  logprobs?: Float64Array;
}

/** A trajectory whose tokens are known, as they were sampled and inserted. */
export function sampledSequence({ id, tokens, segments }: Trajectory): MaskedSequence {
  if (!tokens)
    throw new TypeError(`The trajectory ${id} has no tokens: only policies that work with ids can be trained on.`);
  const mask = tokenMask(segments, tokens.ids.length);
  const { logprobs } = tokens;
  if (!logprobs) return { ids: tokens.ids, mask };
  const row = new Float64Array(mask.length);
  for (let at = 0; at < mask.length; at++) if (mask[at] !== 0) row[at] = logprobs[at] ?? NaN;
  return { ids: tokens.ids, mask, logprobs: row };
}

/**
 * Any trajectory for imitation. One that was written as text is encoded segment by segment, so that no token reaches over a border of the
 * mask: control tokens count in prompt and policy text and are switched off in what the environment inserted. The model's own end is added
 * behind a last stretch of the policy, so that it learns to stop.
 */
export function imitatedSequence(
  trajectory: Trajectory,
  tokenizer: TextTokenizer,
  endIds: readonly number[],
): MaskedSequence {
  if (trajectory.tokens?.tokenizer === tokenizer.id) return sampledSequence(trajectory);
  const ids: number[] = [];
  const mask: number[] = [];
  for (const { origin, start, end } of trajectory.segments) {
    const text = trajectory.text.slice(start, end);
    const encoded = origin === "environment" ? tokenizer.encode(text) : tokenizer.encodePrompt(text);
    for (const id of encoded) {
      ids.push(id);
      mask.push(origin === "policy" ? 1 : 0);
    }
  }
  const [end] = endIds;
  if (end !== undefined && trajectory.segments.at(-1)?.origin === "policy" && ids.at(-1) !== end) {
    ids.push(end);
    mask.push(1);
  }
  return { ids, mask: Uint8Array.from(mask) };
}
