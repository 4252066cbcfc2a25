import { existsSync, renameSync, writeFileSync } from "node:fs";
import type { EvaluationQuestion } from "./evaluation/data-sets/question.ts";
import { programExpert } from "./models/program-expert.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import { noTerms } from "./rewards/optional-terms.ts";
import type { RewardProfile } from "./rewards/reward-profile.ts";
import type { Profile } from "./rollout/profile.ts";
import { sampleGroups } from "./sample-groups.ts";
import { bestOf, expertPlans } from "./training-data.ts";

export interface ExpertRequest {
  /** Where they are written; one that is there is what an earlier process of the run made, and stays. */
  file: string;
  questions: readonly EvaluationQuestion[];
  profile: Profile;
  retriever: Retriever;
  reward: RewardProfile;
  seed: number;
  signal: AbortSignal;
}

/** Writes a trajectory of each question by the program that knows its answer, with real searches and its reward. Answers the file. */
export async function makeExperts(request: ExpertRequest): Promise<string> {
  const { file, questions, signal } = request;
  if (existsSync(file)) return file;
  const lines: string[] = [];
  const sampling = {
    ...request,
    policy: programExpert(expertPlans(questions)),
    samples: 1,
    together: 32,
    terms: noTerms,
    concurrency: 8,
  };
  for await (const { trajectories } of sampleGroups(sampling, signal))
    for (const trajectory of bestOf(trajectories, -Infinity, 1)) lines.push(`${JSON.stringify(trajectory)}\n`);
  signal.throwIfAborted();
  writeFileSync(`${file}.part`, lines.join(""));
  renameSync(`${file}.part`, file);
  return file;
}
