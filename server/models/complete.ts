import type { Policy, PolicyTurn, TagSet } from "./policy.ts";

const noTags: TagSet = {
  thinkOpen: "",
  thinkClose: "",
  queryOpen: "",
  queryClose: "",
  documentsOpen: "",
  documentsClose: "",
  answerOpen: "",
  answerClose: "",
};

export interface CompletionOptions {
  maxTokens: number;
  seed?: number;
  /** Where the model's reasoning, if its server sends it apart, is put; without them it is lost in the text. */
  thinkTags?: Pick<TagSet, "thinkOpen" | "thinkClose">;
}

/** One prompt as a turn without a loop: no searches, no stops, greedy. */
export function plainTurn(prompt: string, { maxTokens, seed, thinkTags }: CompletionOptions): PolicyTurn {
  return {
    transcript: {
      question: prompt,
      text: prompt,
      segments: [{ kind: "prompt", origin: "prompt", start: 0, end: prompt.length, turn: 0 }],
      searches: [],
    },
    tags: { ...noTags, ...thinkTags },
    searchesLeft: 0,
    answerForm: "short",
    messages: [{ role: "user", content: prompt }],
    stops: [],
    sampling: { temperature: 0, maxSegmentTokens: maxTokens, ...(seed === undefined ? {} : { seed }) },
  };
}

/** A policy as a model that answers one prompt; its whole text. Rejects with the policy's `PolicyError`. */
export async function complete(
  policy: Policy,
  prompt: string,
  options: CompletionOptions,
  signal: AbortSignal,
): Promise<string> {
  let text = "";
  for await (const chunk of policy.generate(plainTurn(prompt, options), signal)) text += chunk.text;
  return text;
}
