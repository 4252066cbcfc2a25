import type { Usage } from "../../protocol/trajectory.ts";
import type { PolicyFinish } from "../models/policy.ts";

/** What a rollout has used so far. Sampled ids are counted here; of a policy of text, what it says of itself is taken. */
export class RolloutUsage {
  /** Tokens that the policy wrote; 0 where it counts none. */
  policyTokens = 0;
  searchSeconds = 0;
  seconds = 0;
  readonly #limit: number;
  #policySeconds = 0;
  #promptTokens = 0;
  #counted = false;

  /** `limit`: tokens that the policy may write in all. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** Tokens that the policy may still write; infinite without a limit, below 0 where it wrote more. */
  get tokensLeft(): number {
    return this.#limit - this.policyTokens;
  }

  /** Ids that the policy sampled. */
  sampled(tokens: number): void {
    this.#counted = true;
    this.policyTokens += tokens;
  }

  /** A stretch ended. `sampled`: its ids were counted as they came. */
  stretch(finish: PolicyFinish, seconds: number, sampled: boolean): void {
    this.#policySeconds += seconds;
    if (sampled || finish.policyTokens === undefined) return;
    this.sampled(finish.policyTokens);
    this.#promptTokens = Math.max(this.#promptTokens, finish.promptTokens ?? 0);
  }

  /** The record. `ids`: how many ids the prompt has and the whole transcript, where there are ids. */
  record(turns: number, searches: number, ids?: { prompt: number; all: number }): Usage {
    const { policyTokens, seconds, searchSeconds } = this;
    const prompt = ids?.prompt ?? this.#promptTokens;
    return {
      turns,
      searches,
      ...(this.#counted ? { policyTokens } : {}),
      ...(prompt > 0 ? { promptTokens: prompt } : {}),
      ...(ids ? { environmentTokens: ids.all - ids.prompt - policyTokens } : {}),
      seconds,
      policySeconds: this.#policySeconds,
      searchSeconds,
    };
  }
}
