import type { Profile } from "../profile.ts";
import { r1Searcher } from "./r1-searcher.ts";

/** The evaluation script's default (`evaluation/eval_search_loacl.py`, prompt type v0): five passages, greedy, answer tag stops. */
export const r1SearcherEvalV0: Profile = {
  ...r1Searcher,
  name: "r1-searcher-eval-v0",
  about: "R1-Searcher's evaluation rollout (prompt v0), the usual way to run the released checkpoint.",
  prompt: {
    kind: "text",
    text: `The User asks a question, and the Assistant solves it.
The Assistant first thinks about the reasoning process in the mind and then provides the User with the final answer.
The output format of reasoning process and final answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., "<think> reasoning process here </think>

<answer> final answer here </answer>".
During the thinking process, the Assistant can perform searching for uncertain knowledge if necessary with the format of "<|begin_of_query|> search query (only keywords) here <|end_of_query|>". **A query must involve only a single triple**.
Then, the system will provide the Assistant with helpful information with the format of "<|begin_of_documents|> ...search results... <|end_of_documents|>".

User:{question}
Assistant: <think>`,
  },
  stops: ["<|im_end|>", "<|endoftext|>", "<|end_of_query|>", "</answer>"],
  query: { remove: ['"', "'", "..."], toSpace: ["\t"], pick: "last", space: "keep", empty: "end" },
  sampling: { temperature: 0, topP: 0.95, maxSegmentTokens: 512 },
  limits: { ...r1Searcher.limits, searches: 9, turns: 9, passages: 5 },
};
