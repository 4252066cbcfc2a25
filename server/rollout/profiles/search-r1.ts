import type { Profile } from "../profile.ts";

/** Search-R1: prompt from `scripts/data_process/nq_search.py`, loop from `search_r1/llm_agent/generation.py` (commit a14dc3a). */
export const searchR1: Profile = {
  name: "search-r1",
  about: "Search-R1's rollout: one-paragraph prompt, search and information tags, feedback on an invalid action.",
  prompt: {
    kind: "chat",
    system: "",
    user: "Answer the given question. You must conduct reasoning inside <think> and </think> first every time you get new information. After reasoning, if you find you lack some knowledge, you can call a search engine by <search> query </search> and it will return the top searched results between <information> and </information>. You can search as many times as your want. If you find no further external knowledge needed, you can directly provide the answer inside <answer> and </answer>, without detailed illustrations. For example, <answer> Beijing </answer>. Question: {question?}\n",
    prefix: "",
  },
  tags: {
    thinkOpen: "<think>",
    thinkClose: "</think>",
    queryOpen: "<search>",
    queryClose: "</search>",
    documentsOpen: "<information>",
    documentsClose: "</information>",
    answerOpen: "<answer>",
    answerClose: "</answer>",
  },
  stops: ["</search>", "</answer>"],
  stripBeforeSearch: false,
  query: { remove: [], toSpace: [], pick: "first", space: "cut", empty: "send" },
  insertion: {
    before: "\n\n<information>",
    document: 'Doc {number}(Title: "{title}") {text}\n',
    untitledDocument: "Doc {number}(Title: {firstLine}) {rest}\n",
    after: "</information>\n\n",
    cutSpace: true,
    none: "",
    numbering: "search",
    rowNumbers: "keep",
  },
  answer: "tags",
  sampling: { temperature: 1, topP: 1, maxSegmentTokens: 500 },
  limits: { searches: 4, turns: 5, passages: 3, seconds: 600, characters: 200_000 },
  invalidAction:
    "\nMy previous action is invalid. If I want to search, I should put the query between <search> and </search>. If I want to give the final answer, I should put the answer between <answer> and </answer>. Let me try again.\n",
  normaliser: "punctuation-deleted",
  rewards: ["search-r1-v0.2", "search-r1-v0.3"],
};
