import type { AskOnce } from "./evaluation/judge.ts";
import type { Policy } from "./models/policy.ts";

const noTags = {
  thinkOpen: "",
  thinkClose: "",
  queryOpen: "",
  queryClose: "",
  documentsOpen: "",
  documentsClose: "",
  answerOpen: "",
  answerClose: "",
};

/**
 * Any policy as one that answers a single prompt without searching, for the judge. At most 1,024 tokens, as the published
 * verdicts were given, and temperature 0, so that they can be repeated. Throws `PolicyError`.
 */
export function askOnce(policy: Policy): AskOnce {
  return async (prompt, signal) => {
    const chunks = policy.generate(
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
        sampling: { temperature: 0, maxSegmentTokens: 1024 },
      },
      signal,
    );
    let text = "";
    for await (const chunk of chunks) text += chunk.text;
    return text;
  };
}
