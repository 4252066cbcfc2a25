import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { askOnce } from "../../../server/ask-once.ts";
import { type EvaluationRequest, evaluate } from "../../../server/evaluate.ts";
import type { EvaluationQuestion } from "../../../server/evaluation/data-sets/question.ts";
import { type RunFolder, openRunFolder, readRun } from "../../../server/evaluation/runs/run-folder.ts";
import { type Policy, PolicyError } from "../../../server/models/policy.ts";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import { rewardProfile } from "../../../server/rewards/profiles.ts";
import { builtInProfiles } from "../../../server/rollout/profile.ts";
import { sampleManifest } from "../../fixtures/evaluation-rows.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const home = mkdtempSync(join(tmpdir(), "evaluate-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
let folders = 0;
const openFolder = (): RunFolder => openRunFolder(join(home, `run-${folders++}`), sampleManifest());

const profile = builtInProfiles.find(({ name }) => name === "r1-searcher-eval-v0")!;
const questions: EvaluationQuestion[] = Array.from({ length: 12 }, (_, index) => ({
  id: `q${index}`,
  line: index + 1,
  question: `What is number ${index}?`,
  golds: [`answer ${index}`],
  answerable: true,
  supports: [{ kind: "passage", id: `passage ${index}` }],
  answerBearing: [],
  hops: [],
}));

/** Searches once for the question's number, then answers right, or as `answer` says. */
function numberPolicy(
  answer: (number: string) => string = (number) => `answer ${number}`,
): Policy & { asked: string[]; most: number; seeds: Set<number | undefined> } {
  let running = 0;
  const policy = {
    ref: { id: "scripted", kind: "scripted" as const, label: "Scripted" },
    form: "text" as const,
    asked: [] as string[],
    most: 0,
    seeds: new Set<number | undefined>(),
    async *generate(turn: Parameters<Policy["generate"]>[0], signal: AbortSignal): ReturnType<Policy["generate"]> {
      policy.seeds.add(turn.sampling.seed);
      running += 1;
      policy.most = Math.max(policy.most, running);
      try {
        await pause(2, undefined, { signal }).catch(() => {
          throw new PolicyError("cancelled", "Cancelled.");
        });
        const number = /number (\d+)/u.exec(turn.transcript.question)![1]!;
        if (turn.transcript.searches.length === 0) {
          policy.asked.push(number);
          yield { text: `I look. <|begin_of_query|> number ${number}` };
          return { reason: "stop", stop: "<|end_of_query|>", policyTokens: 5 };
        }
        yield { text: `I know.</think>\n<answer> ${answer(number)}` };
        return { reason: "stop", stop: "</answer>", policyTokens: 7 };
      } finally {
        running -= 1;
      }
    },
  };
  return policy;
}

const retriever = () =>
  functionRetriever((query) => [remotePassage(`passage ${query.replace(/\D/gu, "")}`), remotePassage("other")]);

function request(fields: Partial<EvaluationRequest> = {}): EvaluationRequest {
  return {
    questions,
    profile,
    policy: numberPolicy(),
    retriever: retriever(),
    folders: [],
    reward: rewardProfile("released-qwen")!,
    seed: 7,
    concurrency: 3,
    ...fields,
  };
}

const watch = (signal = new AbortController().signal, onRow: (id: string) => void = () => undefined) => ({
  signal,
  onRow: ({ id }: { id: string }) => onRow(id),
});

describe("running a policy over questions", () => {
  test("asks each once, no more at a time than allowed, and measures answer, search and evidence", async () => {
    const policy = numberPolicy();
    const folder = openFolder();
    expect(await evaluate(request({ policy }), folder, watch())).toEqual({ kind: "done" });
    expect(policy.asked.toSorted()).toEqual(questions.map((_, index) => String(index)).toSorted());
    expect(policy.most).toBe(3);
    expect([...policy.seeds]).toEqual([7]);
    expect(folder.rows.get("q4")).toMatchObject({
      answer: "answer 4",
      metrics: { em: 1, f1: 1 },
      rollout: { searches: 1, turns: 2, policyTokens: 12, documents: 2 },
      retrieval: { recall: 1, reciprocalRank: 1, reached: 1 },
      reward: { profile: "released-qwen" },
    });
    expect(readRun(folder.path).rows).toHaveLength(12);
  });

  test("goes on with what is missing, and asks nothing that has a row", async () => {
    const stop = new AbortController();
    const folder = openFolder();
    const first = numberPolicy();
    let rows = 0;
    const end = await evaluate(
      request({ policy: first }),
      folder,
      watch(stop.signal, () => void (++rows === 4 && stop.abort())),
    );
    expect(end).toEqual({ kind: "cancelled" });
    const done = [...folder.rows.keys()];
    expect(done.length).toBeGreaterThanOrEqual(4);
    expect(done.length).toBeLessThan(12);
    const second = numberPolicy();
    expect(await evaluate(request({ policy: second }), folder, watch())).toEqual({ kind: "done" });
    expect(second.asked.map((number) => `q${number}`).filter((id) => done.includes(id))).toEqual([]);
    expect(folder.rows.size).toBe(12);
  });

  test("gives up after five failures one after another, keeps them, and asks them again when it goes on", async () => {
    const gone: Policy = {
      ...scriptedPolicy([]),
      // eslint-disable-next-line require-yield -- it fails before it writes anything
      async *generate() {
        throw new PolicyError("unavailable", "The model server is gone; start it.");
      },
    };
    const folder = openFolder();
    expect(await evaluate(request({ policy: gone, concurrency: 1 }), folder, watch())).toEqual({
      kind: "failing",
      detail: "The model server is gone; start it.",
    });
    expect(folder.rows.size).toBe(5);
    expect(folder.rows.get("q0")).toMatchObject({ answer: null, stop: { reason: "policy-error" }, metrics: { em: 0 } });
    const policy = numberPolicy();
    await evaluate(request({ policy }), folder, watch());
    expect(policy.asked).toHaveLength(12);
    expect([...folder.rows.values()].every(({ metrics }) => metrics?.em === 1)).toBe(true);
  });

  test("a retriever that fails or answers too few ends that rollout with a reason, not the run", async () => {
    let asked = 0;
    const flaky = {
      ...retriever(),
      search: async (queries: readonly string[], k: number, signal: AbortSignal) =>
        asked++ % 3 === 0 ? [] : retriever().search(queries, k, signal),
    };
    const folder = openFolder();
    expect(await evaluate(request({ retriever: flaky, concurrency: 1 }), folder, watch())).toEqual({ kind: "done" });
    const reasons = [...folder.rows.values()].map(({ stop }) => stop.reason);
    expect(reasons.filter((reason) => reason === "retrieval-error")).toHaveLength(4);
    expect(folder.rows.get("q0")!.stop.detail).toContain("fewer queries");
  });

  test("an answer that says there is none is an abstention", async () => {
    const folder = openFolder();
    await evaluate(
      request({ policy: numberPolicy((number) => (number === "1" ? "Not in these documents." : "x")) }),
      folder,
      watch(),
    );
    expect(folder.rows.get("q1")!.abstained).toBe(true);
    expect(folder.rows.get("q2")!.abstained).toBe(false);
  });
});

test("a row that cannot be written ends the run at once, whatever else is under way", async () => {
  const folder = openFolder();
  const policy = numberPolicy();
  const full = {
    ...folder,
    append: () => {
      throw new Error("no room");
    },
  };
  await expect(evaluate(request({ policy }), full, watch())).rejects.toThrow("no room");
  await pause(50);
  expect(policy.asked.length).toBeLessThanOrEqual(3);
});

describe("the judge", () => {
  test("is asked by the paper's prompt for each answer, and its failure is kept in the row", async () => {
    const prompts: string[] = [];
    const folder = openFolder();
    const judge = (prompt: string): Promise<string> => {
      prompts.push(prompt);
      if (prompt.includes("number 3?")) return Promise.reject(new PolicyError("timeout", "The judge took too long."));
      return Promise.resolve(prompt.includes("number 5?") ? "False" : "True");
    };
    await evaluate(request({ judge }), folder, watch());
    expect(prompts).toHaveLength(12);
    expect(prompts[0]).toContain("Golden Answer: answer");
    expect(folder.rows.get("q3")!.judge).toEqual({ verdict: "unclear", error: "The judge took too long." });
    expect(folder.rows.get("q5")!.judge).toEqual({ verdict: "false" });
    expect(folder.rows.get("q6")!.judge).toEqual({ verdict: "true" });
  });

  test("is any policy that answers one prompt, asked greedily and without a loop", async () => {
    let seen: Parameters<Policy["generate"]>[0] | undefined;
    const policy: Policy = {
      ...scriptedPolicy([]),
      async *generate(turn) {
        seen = turn;
        yield { text: "I think it is " };
        yield { text: "True" };
        return { reason: "end" };
      },
    };
    expect(await askOnce(policy, 3)("Is it?", new AbortController().signal)).toBe("I think it is True");
    expect(seen).toMatchObject({
      messages: [{ role: "user", content: "Is it?" }],
      sampling: { temperature: 0, seed: 3 },
      searchesLeft: 0,
      transcript: { text: "Is it?" },
    });
  });
});
