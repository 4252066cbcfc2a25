import type { Policy } from "./policy.ts";

/** A policy that is sent this seed with every request, whatever the profile says. */
export function seeded(policy: Policy, seed: number): Policy {
  return {
    ref: policy.ref,
    form: policy.form,
    ...(policy.tokenizer ? { tokenizer: policy.tokenizer } : {}),
    ...(policy.renderPrompt ? { renderPrompt: (prompt) => policy.renderPrompt!(prompt) } : {}),
    generate: (turn, signal) => policy.generate({ ...turn, sampling: { ...turn.sampling, seed } }, signal),
  };
}
