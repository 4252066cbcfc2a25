import { describe, expect, it } from "vitest";
import type { Search } from "../../../protocol/trajectory.ts";
import { addTerms, groupEfficiency, noTerms, redundancy, scoreGroup } from "../../../server/rewards/optional-terms.ts";
import { rewardProfile } from "../../../server/rewards/profiles.ts";
import { scoreTrajectory } from "../../../server/rewards/score-trajectory.ts";
import { type Part, cleanRollout, scoredParts } from "../../fixtures/scored-parts.ts";

const profile = rewardProfile("paper-stage2")!;

function search(query: string, documents: string[]): Search {
  const hits = documents.map((text, index) => ({
    passage: { id: text, title: "", text },
    rank: index + 1,
    score: 1,
    matched: [],
  }));
  const place = { insertedStart: 0, insertedEnd: 0, insertedHits: hits.length };
  return { turn: 0, query, rawQuery: query, hits, ...place, neutralised: 0, seconds: 0, cached: false };
}

function rollout(parts: Part[], searches: Search[] = [], golds = ["at six"]) {
  const trajectory = { ...scoredParts(parts), searches };
  return { trajectory, reward: scoreTrajectory(trajectory, profile, golds) };
}

const term = (name: string, rewards: ReturnType<typeof addTerms>, index = 0) =>
  rewards[index]!.components.find((component) => component.name === name)!;

describe("addTerms", () => {
  it("measures every term and pays none unless asked to", () => {
    const one = rollout(cleanRollout(), [search("a", ["x"]), search("A!", ["x"])]);
    const rewards = addTerms([one], profile, ["at six"]);
    expect(rewards[0]!.total).toBe(one.reward.total);
    expect(term("redundancy", rewards)).toMatchObject({ value: -0.5, weight: 0 });
    expect(term("evidence", rewards)).toMatchObject({ value: 1, weight: 0 });
    expect(rewards[0]!.components.map(({ name }) => name)).toEqual([
      "answer",
      "format",
      "redundancy",
      "evidence",
      "refine",
      "efficiency",
    ]);
  });

  it("pays evidence for a wrong answer only", () => {
    const documents = "(1)Dome   The dome opens at six.\n";
    const weights = { ...noTerms, evidence: 0.1 };
    const wrong = addTerms([rollout(cleanRollout(documents, "noon"))], profile, ["at six"], weights);
    const right = addTerms([rollout(cleanRollout(documents))], profile, ["at six"], weights);
    expect(wrong[0]!.total).toBeCloseTo(0.1, 12);
    expect(right[0]!.total).toBe(1);
    expect(term("evidence", right)).toMatchObject({ value: 1, weight: 0 });
  });

  it("looks for a gold answer in what the policy refined, not in its documents", () => {
    const parts = cleanRollout("(1)x   <refine>at six</refine>\n", "noon");
    expect(term("refine", addTerms([rollout(parts)], profile, ["at six"])).value).toBe(0);
    parts[3] = { policy: "<refine>It opens at six.</refine></think>\n" };
    expect(term("refine", addTerms([rollout(parts)], profile, ["at six"])).value).toBe(1);
  });

  it("refuses a weight that could outweigh a right answer", () => {
    expect(() => addTerms([], profile, [], { ...noTerms, redundancy: 0.6 })).toThrow(RangeError);
    expect(() => addTerms([], profile, [], { ...noTerms, evidence: Number.NaN })).toThrow(RangeError);
  });

  it("pays efficiency to the right rollouts with the fewest searches of their group", () => {
    const group = [
      rollout(cleanRollout(), [search("a", [])]),
      rollout(cleanRollout(), [search("a", []), search("b", []), search("c", [])]),
      rollout(cleanRollout(undefined, "noon"), []),
    ];
    const rewards = addTerms(group, profile, ["at six"], { ...noTerms, efficiency: 0.2 });
    expect(rewards.map(({ total }) => total)).toEqual([1 + 0.5 * 0.2, 1, 0]);
  });
});

describe("scoreGroup", () => {
  it("scores each rollout of a question and adds the terms of the whole group", () => {
    const one = rollout(cleanRollout(), [search("a", [])]);
    const two = rollout(cleanRollout(), [search("a", []), search("b", []), search("c", [])]);
    const weights = { ...noTerms, efficiency: 0.2 };
    const rewards = scoreGroup([one.trajectory, two.trajectory], profile, ["at six"], weights);
    expect(rewards).toEqual(addTerms([one, two], profile, ["at six"], weights));
    expect(rewards[0]!.total).toBeGreaterThan(rewards[1]!.total);
  });
});

describe("groupEfficiency", () => {
  it("is zero without at least two right rollouts or without spread", () => {
    expect(groupEfficiency([1, 5], [true, false])).toEqual([0, 0]);
    expect(groupEfficiency([2, 2], [true, true])).toEqual([0, 0]);
  });

  it("is clipped at a spread of two", () => {
    expect(groupEfficiency([0, 100], [true, true])).toEqual([1, 0]);
  });
});

describe("redundancy", () => {
  it("is the larger share of repeated queries and repeated documents", () => {
    expect(redundancy({ searches: [search("a", ["x", "y"]), search("b", ["x", "y"])] })).toBe(0.5);
    expect(redundancy({ searches: [search("a", ["x"]), search("a", ["y"]), search("a", ["z"])] })).toBeCloseTo(
      2 / 3,
      12,
    );
    expect(redundancy({ searches: [] })).toBe(0);
  });
});
