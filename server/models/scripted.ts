import type { Policy, PolicyFinish } from "./policy.ts";

/** A stretch to write, and how it ends. */
export interface ScriptedStretch {
  text: string | readonly string[];
  finish: PolicyFinish;
}

/**
 * A policy that writes given stretches one after another: recorded rollouts are replayed with it, and the loop itself is
 * measured with it. Asked for more than it has, it ends its text at once.
 */
export function scriptedPolicy(stretches: readonly ScriptedStretch[], label = "Scripted"): Policy {
  let next = 0;
  return {
    ref: { id: "scripted", kind: "scripted", label },
    form: "text",
    async *generate() {
      const stretch = stretches[next++];
      if (!stretch) return { reason: "end" };
      for (const text of typeof stretch.text === "string" ? [stretch.text] : stretch.text) yield { text };
      return stretch.finish;
    },
  };
}
