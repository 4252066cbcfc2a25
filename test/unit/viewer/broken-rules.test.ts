import { expect, test } from "vitest";
import { brokenRules, cutAtSpans } from "../../../media/viewer/broken-rules.ts";
import { sizesOf } from "../../../media/viewer/blocks.ts";
import { trainingFacts } from "../../../media/viewer/training-facts.tsx";
import { brokenReward, trainedTrajectory } from "../../fixtures/trained-trajectory.ts";
import { twoHopStory } from "../../fixtures/story.ts";

test("a broken rule costs its points times the weight of its component", () => {
  const rules = brokenRules(brokenReward(twoHopStory().trajectory));
  expect(rules.map(({ id, points }) => [id, points])).toEqual([
    ["rule-1-0", -3],
    ["rule-1-1", -1],
  ]);
});

test("spans are cut in the text they lie over, whatever their ranges are", () => {
  const text = "0123456789";
  const cut = cutAtSpans(text, 100, [
    { id: "a", start: 95, end: 103 },
    { id: "b", start: 102, end: 105 },
    { id: "elsewhere", start: 0, end: 50 },
    { id: "empty", start: 104, end: 104 },
    { id: "far", start: 108, end: 5000 },
  ]);
  expect(cut).toEqual([
    { text: "01", ids: ["a"] },
    { text: "2", ids: ["a", "b"] },
    { text: "34", ids: ["b"] },
    { text: "567", ids: [] },
    { text: "89", ids: ["far"] },
  ]);
  expect(cut.map((piece) => piece.text).join("")).toBe(text);
});

test("sizes are in tokens only where every segment has its range of them", () => {
  const { trajectory, texts } = trainedTrajectory();
  const sizes = sizesOf(trajectory.segments);
  expect(sizes.unit).toBe("token");
  expect(sizes.prompt + sizes.policy + sizes.environment).toBe(texts.length);
  expect(sizes.policy).toBe(trajectory.tokens!.logprobs!.filter((value) => value !== null).length);
  expect(sizesOf(twoHopStory().trajectory.segments).unit).toBe("character");
});

test("training facts name only what is known", () => {
  expect(trainingFacts({ step: 3 })).toEqual([["Step", "3"]]);
  expect(trainingFacts({ kl: 0.5, klCoefficient: 0.1 })).toContainEqual(["KL cost", "−0.05000"]);
});
