import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCorpus } from "../../../server/corpus.ts";
import { type EvaluationRequest, evaluate } from "../../../server/evaluate.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { type Comparison, compareRuns } from "../../../server/evaluation/runs/compare.ts";
import { type RunManifest, hashOf } from "../../../server/evaluation/runs/manifest.ts";
import { type Run, openRunFolder, readRun } from "../../../server/evaluation/runs/run-folder.ts";
import { type RunSummary, summariseRun } from "../../../server/evaluation/runs/summary.ts";
import { sampleQuestions } from "../../../server/evaluation/sample-questions.ts";
import type { Embedder } from "../../../server/models/embedder.ts";
import { openPolicy } from "../../../server/models/policy-id.ts";
import { passageRetriever } from "../../../server/retrieval/passages.ts";
import type { Retriever } from "../../../server/retrieval/retriever.ts";
import { rewardProfile } from "../../../server/rewards/profiles.ts";
import { type Profile, builtInProfiles } from "../../../server/rollout/profile.ts";
import { fillPrompt } from "../../../server/rollout/prompt.ts";
import { version } from "../../../server/version.ts";
import { startSmallModel } from "../../fixtures/small-model.ts";
import { indexOf } from "./corpora.ts";
import { type QuestionSet, seed, smallerSet } from "./question-sets.ts";
import { sampleSize } from "./retrieval.ts";

export interface PolicyResult {
  set: string;
  policy: string;
  profile: string;
  /** What was searched, in words. */
  search: string;
  summary: RunSummary;
}

export interface PolicyResults {
  results: PolicyResult[];
  /** Search by words against hybrid search, same policy and questions. */
  modes?: { set: string; comparison: Comparison };
}

const mostQuestions = 150;
const smallModelQuestions = 10;
/** The small model rarely ends by itself; this keeps a stretch to seconds. */
const smallModelTokens = 96;

const evaluationProfile = builtInProfiles.find(({ name }) => name === "r1-searcher-eval-v0")!;
const docsProfile = builtInProfiles.find(({ name }) => name === "docs")!;

/** Runs each policy over its questions as `searchlight evaluate` does. */
export async function measurePolicies(
  sets: readonly QuestionSet[],
  embedder: Embedder,
  root: string,
  say: (text: string) => void,
): Promise<PolicyResults> {
  const results: PolicyResult[] = [];
  say("Extractive policy on the sample handbook");
  results.push(await onHandbook(join(root, "samples", "observatory")));
  const multiHop = sets.filter(({ name }) => ["hotpotqa", "2wikimultihopqa", "musique"].includes(name));
  for (const set of multiHop) {
    say(`Extractive policy on ${set.title}`);
    const index = await indexOf(set.passages, null, say);
    const questions = sampleQuestions(set.questions, mostQuestions, seed);
    const run = await runOver(
      { questions, retriever: passageRetriever(index, `passages:${set.name}`, "words") },
      evaluationProfile,
      "extractive",
      "words",
    );
    results.push({
      set: set.title,
      policy: "extractive",
      profile: evaluationProfile.name,
      search: `words over ${set.passages.length} passages`,
      summary: summariseRun(run.rows, seed),
    });
    index.close();
  }
  const [hotpot] = multiHop;
  if (!hotpot) return { results };
  say("Words against hybrid search");
  const small = smallerSet(hotpot, sampleSize.questions, sampleSize.passages);
  const index = await indexOf(small.passages, embedder, say);
  const runs: Run[] = [];
  for (const mode of ["words", "hybrid"] as const)
    runs.push(
      await runOver(
        { questions: small.questions, retriever: passageRetriever(index, `passages:${small.name}`, mode) },
        evaluationProfile,
        "extractive",
        mode,
      ),
    );
  const compared = compareRuns(runs[0]!, runs[1]!, { metric: "f1", right: "cem1", seed, allowed: ["index"] });
  if (!compared.ok) throw new Error("The runs by words and by hybrid search cannot be compared.");
  say("SmolLM2-135M-Instruct");
  results.push(await withSmallModel(small, passageRetriever(index, `passages:${small.name}`, "hybrid")));
  index.close();
  return {
    results,
    modes: {
      set: `${hotpot.title}, ${small.questions.length} questions over ${small.passages.length} passages`,
      comparison: compared.comparison,
    },
  };
}

async function onHandbook(folder: string): Promise<PolicyResult> {
  const { questions } = await readDataSet(join(folder, "questions.jsonl"));
  const openServer = () => Promise.reject(new Error("a folder is no server"));
  const corpus = await openCorpus(folder, {
    embedder: "minilm",
    mode: "hybrid",
    signal: new AbortController().signal,
    openServer,
  });
  try {
    const run = await runOver(
      { questions, retriever: corpus.retriever, folders: corpus.folders },
      docsProfile,
      "extractive",
      "hybrid",
    );
    return {
      set: "Sample handbook",
      policy: "extractive",
      profile: "docs",
      search: `hybrid over ${corpus.pins.corpus.passages ?? 0} passages`,
      summary: summariseRun(run.rows, seed),
    };
  } finally {
    await corpus.close();
  }
}

async function withSmallModel(set: QuestionSet, retriever: Retriever): Promise<PolicyResult> {
  await using model = await startSmallModel(4096);
  const profile = {
    ...evaluationProfile,
    sampling: { ...evaluationProfile.sampling, maxSegmentTokens: smallModelTokens },
    limits: { ...evaluationProfile.limits, searches: 3, turns: 4, passages: 3 },
  };
  const questions = sampleQuestions(set.questions, smallModelQuestions, seed);
  const run = await runOver({ questions, retriever }, profile, `openai:smollm2-135m-instruct@${model.url}`, "hybrid");
  return {
    set: set.title,
    policy: "SmolLM2-135M-Instruct",
    profile: `${profile.name}, ${smallModelTokens} tokens a stretch, 3 searches, 3 passages`,
    search: `hybrid over ${set.passages.length} passages`,
    summary: summariseRun(run.rows, seed),
  };
}

async function runOver(
  asked: Pick<EvaluationRequest, "questions" | "retriever"> & { folders?: EvaluationRequest["folders"] },
  profile: Profile,
  policyId: string,
  mode: string,
): Promise<Run> {
  const policy = await openPolicy(policyId, {});
  const reward = rewardProfile(profile.rewards[0] ?? "answer-only")!;
  const path = mkdtempSync(join(tmpdir(), "searchlight-results-"));
  try {
    const ids = hashOf(asked.questions.map(({ id }) => id));
    const manifest: RunManifest = {
      version: 1,
      createdAt: new Date().toISOString(),
      data: { file: "questions.jsonl", hash: ids, questions: asked.questions.length, bad: 0 },
      sample: { limit: null, questions: asked.questions.length, hash: ids },
      corpus: { kind: "passages", hash: hashOf(asked.retriever.id), passages: null },
      index: { id: "lancedb", mode, embedder: mode === "words" ? null : "minilm" },
      topK: profile.limits.passages,
      policy: { id: policy.ref.id, kind: policy.ref.kind, label: policy.ref.label },
      profile: { name: profile.name, hash: hashOf(profile) },
      prompt: hashOf(fillPrompt(profile, "{question}")),
      normaliser: profile.normaliser,
      reward: reward.name,
      judge: null,
      seed,
      versions: { searchlight: version, node: process.versions.node },
    };
    const folder = openRunFolder(path, manifest);
    const end = await evaluate({ folders: [], ...asked, profile, policy, reward, seed, concurrency: 1 }, folder, {
      signal: new AbortController().signal,
      onRow: () => undefined,
    });
    folder.close();
    if (end.kind !== "done")
      throw new Error(`The run of ${policyId} did not end: ${end.kind === "failing" ? end.detail : end.kind}`);
    return readRun(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}
