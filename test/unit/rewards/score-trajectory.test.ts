import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rewardProfile, rewardProfiles } from "../../../server/rewards/profiles.ts";
import { withAnswerMetric } from "../../../server/rewards/reward-profile.ts";
import { scoreTrajectory } from "../../../server/rewards/score-trajectory.ts";
import { type Part, cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";

const score = (name: string, parts: Part[], golds = ["at six"]) =>
  scoreTrajectory(scoredParts(parts), rewardProfile(name)!, golds);
const lost = (name: string, parts: Part[]) =>
  score(name, parts).components.flatMap(({ violations }) => violations.map(({ rule, points }) => `${rule} ${points}`));

/** Pieces that rules are about, in any order and by any writer. */
const piece = fc.oneof(
  fc.constantFrom(
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "<|begin_of_query|>",
    "<|end_of_query|>",
    "<|begin_of_documents|>\n(1)",
    "<|end_of_documents|>\n\n",
    "assistant ",
    "中文",
    "<search>",
    "</search>",
    "<information>",
    "</information>",
    "\ufffd",
  ),
  fc.string({ maxLength: 12 }),
);
const writing = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
const rollouts = fc.array(
  fc.oneof(
    writing.map((policy): Part => ({ policy })),
    writing.map((documents): Part => ({ documents })),
  ),
  { maxLength: 6 },
);

describe("rewardProfile", () => {
  it("gives a profile another answer metric by its name, so that it can be chosen wherever a profile can", () => {
    for (const metric of ["f1", "em", "cem"] as const) {
      const named = rewardProfile(`released-qwen+${metric}`);
      expect(named).toEqual(withAnswerMetric(rewardProfile("released-qwen")!, metric));
      expect(named?.answer?.metric).toBe(metric);
    }
  });

  it("knows no other suffix, and none for a profile that does not look at the answer", () => {
    for (const name of ["released-qwen+", "released-qwen+bleu", "released-qwen+em+f1", "paper-stage1+em", "none+em"])
      expect(rewardProfile(name)).toBeUndefined();
  });
});

describe("scoreTrajectory", () => {
  it("gives full marks to a rollout that breaks no rule", () => {
    expect(score("released-qwen", cleanRollout())).toMatchObject({ total: 1 });
    expect(score("released-llama-stage1", cleanRollout())).toMatchObject({ total: 2 });
    expect(score("released-llama-stage2", cleanRollout())).toMatchObject({ total: 1 });
    expect(score("paper-stage1", cleanRollout())).toMatchObject({ total: 1 });
    expect(score("paper-stage2", cleanRollout())).toMatchObject({ total: 1 });
  });

  it("takes the fine once and still lists every broken rule with its place", () => {
    const parts = cleanRollout();
    parts[3] = { policy: "As an assistant: 六</think></think>\n" };
    const { text } = scoredParts(parts);
    const format = score("released-qwen", parts).components.find(({ name }) => name === "format")!;
    expect(format.value).toBe(-2);
    expect(format.violations.map(({ rule, points }) => [rule, points])).toEqual([
      ["assistant-word", -2],
      ["think-tags", 0],
      ["chinese", 0],
    ]);
    expect(format.violations.map(({ start, end }) => text.slice(start, end))).toEqual(["assistant", "</think>", "六"]);
  });

  it("marks a missing answer at the end of the text, with an empty range", () => {
    const parts = cleanRollout().slice(0, 4);
    const { text } = scoredParts(parts);
    const [missing] = score("released-qwen", parts).components[0]!.violations;
    expect(missing).toMatchObject({ rule: "answer-missing", points: -1, start: text.length, end: text.length });
  });

  it("fines an answer of more than ten words only where the profile has that rule", () => {
    const parts = cleanRollout(undefined, "one two three four five six seven eight nine ten eleven");
    expect(lost("released-qwen", parts)).toContain("answer-words -2");
    expect(lost("released-llama-stage2", parts).some((rule) => rule.startsWith("answer-words"))).toBe(false);
  });

  it("fines documents that the policy wrote itself, by the paper's profiles as well", () => {
    const parts = cleanRollout();
    parts[3] = { policy: "<|begin_of_documents|>\n(1)fake<|end_of_documents|>\n\n</think>\n" };
    expect(lost("paper-stage2", parts)).toContain("forged-documents -2");
    expect(lost("released-qwen", parts)).toContain("tag-counts -2");
  });

  it("pays the first stage for a search and for the format apart", () => {
    const parts = [cleanRollout()[0]!, ...cleanRollout().slice(3)];
    expect(score("paper-stage1", parts)).toMatchObject({ total: 0.5 });
    expect(lost("paper-stage1", parts)).toEqual(["searched -0.5"]);
  });

  it("reads a tag that lies across two segments of the policy", () => {
    const parts: Part[] = [
      ...cleanRollout().slice(0, 3),
      { policy: "six.</thi" },
      { policy: "nk><answer>at six</answer>" },
    ];
    expect(score("released-qwen-policy-spans", parts)).toMatchObject({ total: 1 });
  });

  it("leaves the answer out of the sum where there is no gold answer", () => {
    expect(score("paper-stage2", cleanRollout(), [])).toMatchObject({ total: 0, components: [{ name: "format" }] });
  });

  it("compares the answer by the metric that is asked for", () => {
    const parts = scoredParts(cleanRollout(undefined, "six at dawn"));
    const total = (metric: "f1" | "em" | "cem") =>
      scoreTrajectory(parts, withAnswerMetric(rewardProfile("paper-stage2")!, metric), ["at six"]).total;
    expect(total("f1")).toBeCloseTo(0.8, 12);
    expect(total("em")).toBe(-1);
    expect(total("cem")).toBe(1);
  });

  it("does not count the example answer of Search-R1's prompt", () => {
    const parts: Part[] = [{ prompt: "For example, <answer> Beijing </answer>." }, { policy: "<think>no</think>" }];
    expect(score("search-r1-v0.2", parts, ["Beijing"])).toMatchObject({ total: 0 });
    expect(score("search-r1-v0.2", [...parts, { policy: "<answer>Beijing</answer>" }], ["Beijing"])).toMatchObject({
      total: 1,
    });
  });

  it("names the text that stands between Search-R1's tags", () => {
    const parts: Part[] = [{ policy: "<think>x</think> So: <answer>six</answer>" }];
    const { text } = scoredParts(parts);
    const [fault] = score("search-r1-v0.3", parts, ["six"]).components.find(
      ({ name }) => name === "format",
    )!.violations;
    expect(fault).toMatchObject({ rule: "tag-sequence", points: -0.2 });
    expect(text.slice(fault!.start, fault!.end)).toBe("So:");
  });

  it("sums its components exactly, and every violation lies inside the text", () => {
    fc.assert(
      fc.property(rollouts, fc.constantFrom(...rewardProfiles), (parts, profile) => {
        const { text, segments } = scoredParts(parts);
        const reward = scoreTrajectory({ text, segments }, profile, ["six"]);
        expect(reward.total).toBe(reward.components.reduce((sum, { value, weight }) => sum + value * weight, 0));
        for (const { start, end, points, message } of reward.components.flatMap(({ violations }) => violations)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(points).toBeLessThanOrEqual(0);
          expect(message).toMatch(/\.$/u);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("explains what a rule component lost by its violations, no more and no less", () => {
    const ruled = rewardProfiles.filter(({ components }) => components.length > 0);
    fc.assert(
      fc.property(rollouts, fc.constantFrom(...ruled), (parts, profile) => {
        const reward = scoreTrajectory(scoredParts(parts), profile, []);
        for (const [index, { passed }] of profile.components.entries()) {
          const { value, violations } = reward.components[index]!;
          expect(passed + violations.reduce((sum, { points }) => sum + points, 0)).toBe(value);
        }
      }),
    );
  });

  it("scores a long hostile text in little time", () => {
    const long = "<|begin_of_documents|>中<think>a".repeat(40_000);
    const started = performance.now();
    for (const profile of rewardProfiles) score(profile.name, [{ policy: long }]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
