import { expect, test } from "vitest";
import { trajectoryFacts } from "../../../server/trajectory-sections.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";
import { trainedTrajectory } from "../../fixtures/trained-trajectory.ts";

test("the facts of a trained rollout name its place and what the update made of it", () => {
  const facts = Object.fromEntries(trajectoryFacts(trainedTrajectory().trajectory));
  expect(facts["Training"]).toBe(
    "step 41, outcome, group 41-7, rollout 3 of 16, advantage 1.25, group mean -0.12, rank 3 of 16, KL 0.012 nats × 0.001",
  );
});

test("a rollout that nothing is known of as trained has no such fact", () => {
  for (const training of [undefined, {}]) {
    const facts = trajectoryFacts(sampleTrajectory(training ? { training } : {}));
    expect(facts.map(([label]) => label)).not.toContain("Training");
  }
});
