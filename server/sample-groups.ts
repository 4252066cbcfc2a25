import { ulid } from "ulid";
import type { Trajectory } from "../protocol/trajectory.ts";
import type { EvaluationQuestion } from "./evaluation/data-sets/question.ts";
import type { Policy } from "./models/policy.ts";
import { seeded } from "./models/seeded.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import { type TermWeights, scoreGroup } from "./rewards/optional-terms.ts";
import type { RewardProfile } from "./rewards/reward-profile.ts";
import type { Profile } from "./rollout/profile.ts";
import { runRollouts } from "./rollout/scheduler.ts";

export interface SampleRequest {
  questions: readonly EvaluationQuestion[];
  /** Rollouts of each question. */
  samples: number;
  /** Questions whose rollouts run together, turn by turn. */
  together: number;
  profile: Profile;
  policy: Policy;
  retriever: Retriever;
  reward: RewardProfile;
  terms: TermWeights;
  /** The nth rollout of each question is sent this seed plus n. */
  seed: number;
  /** Stretches of policy text in flight at once. */
  concurrency: number;
}

/** The scored rollouts of one question. */
export interface SampledGroup {
  question: EvaluationQuestion;
  trajectories: Trajectory[];
}

/**
 * Samples groups of rollouts as training does: some questions times some samples go turn by turn through one scheduler, with
 * one search call a turn and equal queries asked once; then each group is scored. Yields groups in the order of the
 * questions; stops after the batch in which the signal fires, leaving that batch out.
 */
export async function* sampleGroups(request: SampleRequest, signal: AbortSignal): AsyncGenerator<SampledGroup> {
  const { questions, samples, together, profile, policy, retriever, reward, terms, seed, concurrency } = request;
  const policies = Array.from({ length: samples }, (_, sample) => seeded(policy, seed + sample));
  for (let at = 0; at < questions.length; at += together) {
    const batch = questions.slice(at, at + together);
    const requests = batch.flatMap(({ question, golds }) =>
      policies.map((sampler) => ({ id: ulid(), question, golds, profile, policy: sampler, retriever })),
    );
    const rolled = await runRollouts(requests, { concurrency, signal });
    if (signal.aborted) return;
    for (const [index, question] of batch.entries()) {
      const group = rolled.slice(index * samples, (index + 1) * samples);
      const rewards = scoreGroup(group, reward, question.golds, terms);
      const trajectories = group.map((trajectory, sample) => ({
        ...trajectory,
        sampling: { ...trajectory.sampling, seed: seed + sample },
        reward: rewards[sample]!,
      }));
      yield { question, trajectories };
    }
  }
}
