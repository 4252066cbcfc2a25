import { z } from "zod";

/** A rule that a rollout broke, with what it cost and where. */
export const Violation = z.object({
  rule: z.string(),
  /** Points lost, zero or negative, before the component's weight. */
  points: z.number(),
  /** UTF-16 range in the trajectory's text; an empty range marks something missing. */
  start: z.int().min(0),
  end: z.int().min(0),
  message: z.string(),
});
export type Violation = z.infer<typeof Violation>;

export const RewardComponent = z.object({
  name: z.string(),
  value: z.number(),
  weight: z.number(),
  violations: z.array(Violation),
});
export type RewardComponent = z.infer<typeof RewardComponent>;

/** `total` is the sum of value × weight over the components. */
export const Reward = z.object({
  profile: z.string(),
  total: z.number(),
  components: z.array(RewardComponent),
});
export type Reward = z.infer<typeof Reward>;
