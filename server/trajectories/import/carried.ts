import { z } from "zod";
import { Reward } from "../../../protocol/reward.ts";
import { PolicyRef, StopReason, TrainingPlace, type Trajectory } from "../../../protocol/trajectory.ts";
import type { Profile } from "../../rollout/profile.ts";
import { profileNamed } from "./form.ts";

/**
 * What Searchlight writes under the name `searchlight` into the free field of a format of messages or spans: facts of the
 * trajectory that the format has no place for.
 */
export const Carried = z.object({
  version: z.literal(1),
  /** The texts of the messages are the trajectory's text cut into pieces; calls stand in it as the policy wrote them. */
  joined: z.boolean(),
  id: z.string(),
  question: z.string(),
  golds: z.array(z.string()).optional(),
  profile: z.string(),
  policy: PolicyRef,
  stop: z.object({ reason: StopReason, detail: z.string().optional() }).optional(),
  answer: z.object({ text: z.string(), abstained: z.boolean() }).optional(),
  reward: Reward.optional(),
  training: TrainingPlace.optional(),
});
export type Carried = z.infer<typeof Carried>;

/** The carried facts of a free field, or undefined where another program wrote it. */
export function carriedBy(field: unknown): Carried | undefined {
  return Carried.safeParse(field).data;
}

export function carry(trajectory: Trajectory, joined: boolean): Carried {
  const { id, question, golds, profile, policy, stop, answer, reward, training } = trajectory;
  return {
    version: 1,
    joined,
    id,
    question,
    ...(golds ? { golds } : {}),
    profile,
    policy,
    ...(stop ? { stop } : {}),
    ...(answer ? { answer: { text: answer.text, abstained: answer.abstained } } : {}),
    ...(reward ? { reward } : {}),
    ...(training ? { training } : {}),
  };
}

/** The profile to read by: the one that was asked for, else the one that the record was written with. */
export function carriedProfile(carried: Carried | undefined, given: Profile | undefined): Profile | undefined {
  return given ?? (carried && profileNamed(carried.profile));
}

/** Fields of the trajectory that the carried facts give. Violations point into the text, so they need the same text. */
export function carriedFields(carried: Carried | undefined, text: string): Partial<Trajectory> {
  if (!carried) return {};
  const { version: _, joined: __, answer, reward, ...facts } = carried;
  const within = reward?.components.every(({ violations }) =>
    violations.every(({ start, end }) => start <= end && end <= text.length),
  );
  return {
    ...(facts as Partial<Trajectory>),
    ...(answer ? { answer: { ...answer, sentences: [], citations: [], nearest: [] } } : {}),
    ...(reward && within ? { reward } : {}),
  };
}
