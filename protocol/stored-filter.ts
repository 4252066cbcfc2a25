import { z } from "zod";

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
  /** Bounds of the reward's total. */
  least: z.number().optional(),
  most: z.number().optional(),
});
export type StoredFilter = z.infer<typeof StoredFilter>;
