import type { AskOnce } from "./evaluation/judge.ts";
import { complete } from "./models/complete.ts";
import type { Policy } from "./models/policy.ts";

/** The released judge's limit. */
const mostTokens = 1024;

/** A policy as the judge of an evaluation: one prompt, one answer. Rejects with the policy's `PolicyError`. */
export function askOnce(policy: Policy, seed?: number): AskOnce {
  return (prompt, signal) =>
    complete(policy, prompt, { maxTokens: mostTokens, ...(seed === undefined ? {} : { seed }) }, signal);
}
