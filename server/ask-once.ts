import type { AskOnce } from "./evaluation/judge.ts";
import type { Policy } from "./models/policy.ts";

/** The released judge's limit. */
const mostTokens = 1024;

const noTags = {
  thinkOpen: "",
  thinkClose: "",
  queryOpen: "",
  queryClose: "",
  documentsOpen: "",
  documentsClose: "",
  answerOpen: "",
  answerClose: "",
} as const;

/** A policy as a model that answers one prompt: no loop, no searches, greedy. Rejects with the policy's `PolicyError`. */
export function askOnce(policy: Policy, seed?: number): AskOnce {
  return async (prompt, signal) => {
    let text = "";
    const stream = policy.generate(
      {
        transcript: {
          question: prompt,
          text: prompt,
          segments: [{ kind: "prompt", origin: "prompt", start: 0, end: prompt.length, turn: 0 }],
          searches: [],
        },
        tags: noTags,
        searchesLeft: 0,
        answerForm: "short",
        messages: [{ role: "user", content: prompt }],
        stops: [],
        sampling: { temperature: 0, maxSegmentTokens: mostTokens, ...(seed === undefined ? {} : { seed }) },
      },
      signal,
    );
    for await (const chunk of stream) text += chunk.text;
    return text;
  };
}
