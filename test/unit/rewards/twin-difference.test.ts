import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policySpansTwin, rewardProfile, rewardProfiles } from "../../../server/rewards/profiles.ts";
import { scoreTrajectory } from "../../../server/rewards/score-trajectory.ts";
import { TwinTally, twinDifference } from "../../../server/rewards/twin-difference.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { importText } from "../../../server/trajectories/import-text.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";
import { cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";

const twins = rewardProfiles.filter(({ name }) => name.endsWith("-policy-spans"));
const qwen = rewardProfile("released-qwen")!;

describe("the policy-spans twins", () => {
  it("exist for every profile of the released reward servers", () => {
    expect(twins.map(({ name }) => name)).toEqual([
      "released-qwen-policy-spans",
      "released-llama-stage1-policy-spans",
      "released-llama-stage2-policy-spans",
    ]);
    expect(policySpansTwin(rewardProfile("paper-stage2")!)).toBeUndefined();
  });

  it("never cost a point for what the environment inserted", () => {
    const hostile = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            "Assistant",
            "<answer>no</answer>",
            "</think>",
            "中",
            "<|begin_of_query|>",
            "<|end_of_documents|>\n\n",
            "<think>",
          ),
          fc.string({ maxLength: 20 }),
        ),
      )
      .map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(hostile, fc.constantFrom(...twins), (inserted, twin) => {
        const harmless = scoreTrajectory(scoredParts(cleanRollout()), twin, ["at six"]);
        const parts = cleanRollout(inserted);
        expect(scoreTrajectory(scoredParts(parts), twin, ["at six"])).toEqual(harmless);
      }),
    );
  });

  it("fine the policy for the same words that they spare a document", () => {
    const parts = cleanRollout();
    parts[3] = { policy: "The Assistant is done.</think>\n" };
    expect(scoreTrajectory(scoredParts(parts), twins[0]!, ["at six"]).total).toBe(-1);
  });
});

describe("twinDifference", () => {
  it("says which rule was broken by text that the policy did not write, and where", () => {
    const trajectory = scoredParts(cleanRollout("(1)Who   An assistant opens it.\n"));
    const { points, spared } = twinDifference(trajectory, qwen, ["at six"])!;
    expect(points).toBe(2);
    expect(spared.map(({ rule, start, end }) => [rule, trajectory.text.slice(start, end)])).toEqual([
      ["assistant-word", "assistant"],
    ]);
  });

  it("has nothing to say of a profile without a twin", () => {
    expect(twinDifference(scoredParts(cleanRollout()), rewardProfile("paper-stage1")!, ["x"])).toBeUndefined();
  });
});

const file = "data/trajectories-r1-searcher/trajectories.jsonl";

describe.skipIf(!hasReference(file))("the released rollouts", () => {
  it("lose 2 points to retrieved text in 28 of 580 cases, all by the word assistant", () => {
    const tally = new TwinTally();
    for (const { text, answers } of referenceRows<{ text: string; answers: string[] }>(file)) {
      tally.add(twinDifference(importText(text, r1Searcher), qwen, answers)!);
    }
    expect(tally.json()).toEqual({ rows: 580, differ: 28, points: 56, rules: { "assistant-word": 28 } });
  });
});
