import { expect, test } from "vitest";
import { changesOf, componentChanges, segmentChanges } from "../../../media/viewer/many/segment-diff.ts";
import { shared, turnsOf } from "../../../media/viewer/many/turns.ts";
import { brokenReward } from "../../fixtures/trained-trajectory.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";
import { twoHopStory } from "../../fixtures/story.ts";

const [left, right] = [
  rolloutGroups({ steps: 1, prompts: 1, samples: 2 })[0]!,
  rolloutGroups({ steps: 2, prompts: 1, samples: 2 })[3]!,
];

test("the two sides of a difference add up to the two texts", () => {
  for (const [one, other] of [
    ["the dome opens", "the larger dome opens at dusk"],
    ["", "all of it"],
    ["line\n".repeat(4000), "line\n".repeat(3000) + "other\n".repeat(1500)],
  ] as const) {
    const changes = changesOf(one, other);
    const of = (side: string) => changes.filter((change) => change.side === "both" || change.side === side);
    expect(
      of("left")
        .map(({ text }) => text)
        .join(""),
    ).toBe(one);
    expect(
      of("right")
        .map(({ text }) => text)
        .join(""),
    ).toBe(other);
  }
});

test("segments stand beside those of their kind and turn; one that only one side has says so", () => {
  const changes = segmentChanges(left, right);
  expect(changes.every(({ origin }) => origin !== "prompt")).toBe(true);
  const text = (side: "left" | "right"): string =>
    changes
      .flatMap(({ changes: of }) => of.filter((change) => change.side === "both" || change.side === side))
      .map(({ text }) => text)
      .join("");
  const response = ({ text: whole, segments }: typeof left): string =>
    segments
      .filter(({ origin }) => origin !== "prompt")
      .map(({ start, end }) => whole.slice(start, end))
      .join("");
  expect([...text("left")].sort().join("")).toBe([...response(left)].sort().join(""));
  expect([...text("right")].sort().join("")).toBe([...response(right)].sort().join(""));
  expect(
    segmentChanges(left, left).every(
      ({ only, changes: of }) => only === undefined && of.every(({ side }) => side === "both"),
    ),
  ).toBe(true);
});

test("components that only one reward has are still compared", () => {
  const reward = brokenReward(twoHopStory().trajectory);
  const other = {
    ...reward,
    components: [reward.components[0]!, { name: "length", value: -1, weight: 0.5, violations: [] }],
  };
  expect(componentChanges(reward, other)).toEqual([
    { name: "answer F1", left: 0.67, right: 0.67 },
    { name: "format", left: -4, right: undefined },
    { name: "length", left: undefined, right: -0.5 },
  ]);
  expect(componentChanges(null, null)).toEqual([]);
});

test("a column holds every segment of the response once, its answer apart, and the search of each turn", () => {
  const { trajectory } = twoHopStory();
  const { turns, answer } = turnsOf(trajectory);
  const held = [...turns.flatMap(({ segments }) => segments), ...answer];
  expect(held).toHaveLength(trajectory.segments.filter(({ origin }) => origin !== "prompt").length);
  expect(answer[0]!.kind).toBe("answer");
  expect(turns.slice(0, 2).map(({ search }) => search?.query)).toEqual(trajectory.searches.map(({ query }) => query));
});

test("a query or passage counts once a trajectory, however often it is there", () => {
  const { trajectory } = twoHopStory();
  const twice = { searches: [...trajectory.searches, ...trajectory.searches] };
  const { queries, passages } = shared([twice, trajectory, { searches: [] }]);
  expect(new Set(queries.values())).toEqual(new Set([2]));
  expect(new Set(passages.values())).toEqual(new Set([2]));
});
