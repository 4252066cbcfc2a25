import type { Profile } from "../profile.ts";
import { r1Searcher } from "./r1-searcher.ts";

/** R1-Searcher as its Llama-3.1-8B-Instruct model was trained: system and user message, then `<think>` (`prompts_dataset.py`). */
export const r1SearcherInstruct: Profile = {
  ...r1Searcher,
  name: "r1-searcher-instruct",
  about: "R1-Searcher's training rollout for an instruct model: system prompt, chat turns, the same loop.",
  prompt: {
    kind: "chat",
    system: `You are a helpful assistant.
Given a question, you should answer it by first thinking about the reasoning process in the mind and then providing the final answer.
The output format of reasoning process and final answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., "<think> reasoning process here </think>

<answer> final answer here </answer>".
During the thinking process, **you can perform searching for uncertain knowledge** if necessary with the format of "<|begin_of_query|> search query (only list keywords, such as **"keyword_1 keyword_2 ..."**)<|end_of_query|>". **A query must involve only a single triple**.
Then, the search system will provide you with the retrieval information with the format of "<|begin_of_documents|> ...search results... <|end_of_documents|>".`,
    user: "{question}",
    prefix: "<think>",
  },
  rewards: ["released-llama-stage1", "released-llama-stage2", "paper-stage1", "paper-stage2"],
};
