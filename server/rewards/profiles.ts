import {
  type AnswerTerms,
  type RewardProfile,
  type RuleComponent,
  answerMetricNames,
  withAnswerMetric,
} from "./reward-profile.ts";

const f1: AnswerTerms = { metric: "f1", right: 1, wrong: 0, missing: 0 };
const exact: AnswerTerms = { metric: "em", right: 1, wrong: 0, missing: 0 };

/** The paper, section 2.2.1. Its words name no program, so the rules look at what the policy wrote. */
const paperFormat = [
  "think-tags",
  "answer-tags",
  "tags-in-answer",
  "answer-words",
  "unreadable",
  "query-tags",
  "forged-documents",
] as const;

const paperStage1: RewardProfile = {
  name: "paper-stage1",
  about: "The paper's first stage: half a point for a correct format, half for a search; the answer does not count.",
  normaliser: "punctuation-to-space",
  scope: "policy",
  components: [
    { name: "format", passed: 0.5, failed: 0, rules: paperFormat },
    { name: "retrieval", passed: 0.5, failed: 0, rules: ["searched"] },
  ],
};

const paperStage2: RewardProfile = {
  name: "paper-stage2",
  about: "The paper's second stage: F1 of the answer, and 2 points off for a wrong format.",
  normaliser: "punctuation-to-space",
  scope: "policy",
  answer: f1,
  components: [{ name: "format", passed: 0, failed: -2, rules: paperFormat }],
};

/** RUCAIBox/R1-Searcher at 631167c, `train/reward_server_qwen_zero.py`. */
const releasedQwen: RewardProfile = {
  name: "released-qwen",
  about:
    "The released reward server for Qwen-2.5-7B base: F1, and 2 points off for any broken rule, retrieved text included.",
  normaliser: "punctuation-to-space",
  scope: "response",
  responseMarker: "\nAssistant: <think>",
  answer: f1,
  components: [
    {
      name: "format",
      passed: 0,
      failed: -2,
      rules: ["tag-counts", "assistant-word", "think-tags", "answer-tags", "tags-in-answer", "answer-words", "chinese"],
    },
  ],
};

/** `train/reward_server_llama_stage1.py` of the same. Unlike the paper's first stage it rewards the answer. */
const releasedLlamaStage1: RewardProfile = {
  name: "released-llama-stage1",
  about:
    "The released first stage for Llama-3.1-8B-Instruct: cover match 1 or -1, half a point each for tags and for a search.",
  normaliser: "punctuation-to-space",
  scope: "response",
  answer: { metric: "cem", right: 1, wrong: -1, missing: -1 },
  components: [
    { name: "format", passed: 0.5, failed: 0, rules: ["think-tags", "answer-tags"] },
    { name: "retrieval", passed: 0.5, failed: 0, rules: ["tag-counts", "searched"] },
  ],
};

/** `train/reward_server_llama_stage2.py` of the same: a smaller fine and fewer rules than Qwen's. */
const releasedLlamaStage2: RewardProfile = {
  name: "released-llama-stage2",
  about: "The released second stage for Llama-3.1-8B-Instruct: F1, and 1 point off for a broken rule.",
  normaliser: "punctuation-to-space",
  scope: "response",
  answer: f1,
  components: [
    { name: "format", passed: 0, failed: -1, rules: ["tag-counts", "think-tags", "answer-tags", "chinese"] },
  ],
};

/** PeterGriffinJin/Search-R1 at a14dc3a, `verl/utils/reward_score/qa_em.py`. Its prompt holds an example answer. */
const searchR1v2: RewardProfile = {
  name: "search-r1-v0.2",
  about: "Search-R1 v0.2: exact match, 1 or 0.",
  normaliser: "punctuation-deleted",
  scope: "response",
  answer: exact,
  components: [],
  promptAnswers: 1,
};

/** `qa_em_format.py` of the same. */
const searchR1v3: RewardProfile = {
  ...searchR1v2,
  name: "search-r1-v0.3",
  about: "Search-R1 v0.3: exact match, with 0.2 for a valid sequence of tags and 0.1 for an answer at all.",
  graded: { structure: 0.2, final: 0.1, retrieval: 0 },
};

const searchR1v3Retrieval: RewardProfile = {
  ...searchR1v3,
  name: "search-r1-v0.3-retrieval",
  about: "Search-R1 v0.3 with 0.1 for a gold answer in a retrieved block, as in its ablation.",
  graded: { structure: 0.2, final: 0.1, retrieval: 0.1 },
};

const answerOnly: RewardProfile = {
  name: "answer-only",
  about: "F1 of the answer and no rule about form; fits every format.",
  normaliser: "punctuation-to-space",
  scope: "record",
  answer: f1,
  components: [],
};

/**
 * The twin of a released profile that looks at the policy's own text only. The released rule that seven counts of tags are
 * equal tests the environment's blocks as well; on policy text it says: queries are closed, documents are not forged.
 */
function policySpans(profile: RewardProfile): RewardProfile {
  const rules = (component: RuleComponent): RuleComponent["rules"] =>
    component.rules.flatMap((rule) => (rule === "tag-counts" ? (["query-tags", "forged-documents"] as const) : [rule]));
  return {
    ...profile,
    name: `${profile.name}-policy-spans`,
    about: `${profile.about.replace(/, retrieved text included/, "")} Rules look at the policy's own text only.`,
    scope: "policy",
    components: profile.components.map((component) => ({ ...component, rules: rules(component) })),
  };
}

const released = [releasedQwen, releasedLlamaStage1, releasedLlamaStage2] as const;

/** Every reward profile that Searchlight knows. */
export const rewardProfiles: readonly RewardProfile[] = [
  paperStage1,
  paperStage2,
  ...released,
  ...released.map(policySpans),
  searchR1v2,
  searchR1v3,
  searchR1v3Retrieval,
  answerOnly,
];

/** The profile of that name, or undefined. `NAME+f1`, `NAME+em` and `NAME+cem` are the profile with another answer metric. */
export function rewardProfile(name: string): RewardProfile | undefined {
  const [base, metric, ...rest] = name.split("+");
  const profile = rewardProfiles.find((each) => each.name === base);
  if (!profile || metric === undefined) return profile;
  const known = answerMetricNames.find((each) => each === metric);
  return known && rest.length === 0 && profile.answer ? withAnswerMetric(profile, known) : undefined;
}

/** The policy-spans twin of a released profile, also of one with another answer metric; undefined for all others. */
export function policySpansTwin(profile: RewardProfile): RewardProfile | undefined {
  const [base] = profile.name.split("+");
  return released.some(({ name }) => name === base) ? policySpans(profile) : undefined;
}
