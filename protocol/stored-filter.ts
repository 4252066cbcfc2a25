import { z } from "zod";
import { RowFilter } from "./trajectory-file.ts";

/** What stored trajectories must have; all that is given must hold. */
export const StoredFilter = z.object({
  /** Words that its transcript, question and queries hold, and phrases in double quotes; the last word need only be begun. */
  text: z.string().optional(),
  /** Why it ended; its status where it has no such reason. */
  stop: z.string().optional(),
  /** Id of the policy. */
  policy: z.string().optional(),
  profile: z.string().optional(),
  step: z.int().optional(),
  /** The group of its prompt. */
  prompt: z.string().optional(),
  /** Lost to this rule. */
  rule: z.string().optional(),
  searches: z.int().min(0).optional(),
  /** As in the list of a file: `least` and `most` bound the reward's total, or the points of `component`. */
  ...RowFilter.pick({ component: true, least: true, most: true, tag: true, marked: true }).shape,
});
export type StoredFilter = z.infer<typeof StoredFilter>;
