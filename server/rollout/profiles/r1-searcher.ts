import type { Profile } from "../profile.ts";

/** The piped form of the tags is what the released checkpoints answer to. */
export const r1SearcherTags: Profile["tags"] = {
  thinkOpen: "<think>",
  thinkClose: "</think>",
  queryOpen: "<|begin_of_query|>",
  queryClose: "<|end_of_query|>",
  documentsOpen: "<|begin_of_documents|>",
  documentsClose: "<|end_of_documents|>",
  answerOpen: "<answer>",
  answerClose: "</answer>",
};

/** `OpenRLHF-RAG/openrlhf/trainer/ppo_utils/experience_maker.py`, `_generate_vllm_with_retrieve`. */
export const r1SearcherInsertion: Profile["insertion"] = {
  before: "\n\n<|begin_of_documents|>\n",
  document: "({number})Title: {title} Text: {text}\n",
  untitledDocument: "({number}){text}\n",
  after: "<|end_of_documents|>\n\n",
  cutSpace: false,
  none: "None",
  numbering: "search",
  rowNumbers: "strip",
};

/**
 * R1-Searcher as its Qwen-2.5-7B base model was trained: prompt from `openrlhf/datasets/prompts_dataset.py`, loop constants
 * from `experience_maker.py` (RUCAIBox/R1-Searcher, commit 631167c). The opening think tag is part of the prompt.
 */
export const r1Searcher: Profile = {
  name: "r1-searcher",
  about: "R1-Searcher's training rollout for a base model: exact prompt, insertion and limits.",
  prompt: {
    kind: "text",
    text: `The User asks a question, and the Assistant solves it.
The Assistant first thinks about the reasoning process in the mind and then provides the User with the final answer.
The output format of reasoning process and final answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., "<think> reasoning process here </think>

<answer> final answer here </answer>".
During the thinking process, **the Assistant can perform searching** for uncertain knowledge if necessary with the format of "<|begin_of_query|> search query (only list keywords, such as **"keyword_1 keyword_2 ..."**)<|end_of_query|>". **A query must involve only a single triple**.
Then, the search system will provide the Assistant with the retrieval information with the format of "<|begin_of_documents|> ...search results... <|end_of_documents|>".

User:{question}
Assistant: <think>`,
  },
  tags: r1SearcherTags,
  stops: ["<|end_of_query|>"],
  stripBeforeSearch: true,
  query: { remove: ['"'], toSpace: [], pick: "last", space: "collapse", empty: "end" },
  insertion: r1SearcherInsertion,
  answer: "tags",
  sampling: { temperature: 1, topP: 0.95, maxSegmentTokens: 512 },
  limits: { searches: 8, turns: 9, passages: 3, seconds: 600, characters: 200_000 },
  normaliser: "punctuation-to-space",
  rewards: ["released-qwen", "paper-stage1", "paper-stage2"],
};
