import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksOf, splitAtTags, stripOf, tokensOf } from "../../../media/viewer/blocks.ts";
import { applyRolloutEvent } from "../../../protocol/rollout-events.ts";
import { Story, twoHopStory } from "../../fixtures/story.ts";

test("queries and documents stand beside the search of their turn", () => {
  const { trajectory } = twoHopStory();
  const searches = blocksOf(trajectory).map(({ segment, search }) => [segment.kind, search?.query]);
  expect(searches).toEqual([
    ["prompt", undefined],
    ["think", undefined],
    ["query", "oldest telescope first light"],
    ["documents", "oldest telescope first light"],
    ["think", undefined],
    ["query", "Larch dome interlock filter wheel"],
    ["documents", "Larch dome interlock filter wheel"],
    ["answer", undefined],
  ]);
});

test("while text streams, only the block that grows is a different one", () => {
  const story = new Story().write("think", "First.").write("think", "Second and third.", "policy", 6);
  const [before, last] = [story.events.slice(0, -1), story.events.at(-1)!];
  const earlier = before.reduce<ReturnType<typeof applyRolloutEvent>>(applyRolloutEvent, undefined)!;
  const blocks = blocksOf(earlier);
  const next = blocksOf(applyRolloutEvent(earlier, last)!, blocks);
  expect(next.map((block, index) => block === blocks[index])).toEqual([true, true, false]);
});

test("a block is drawn again when its search comes in", () => {
  const { trajectory } = twoHopStory();
  const before = blocksOf({ ...trajectory, searches: [] });
  const after = blocksOf(trajectory, before);
  expect(after.filter((block, index) => block !== before[index]).map(({ segment }) => segment.kind)).toEqual([
    "query",
    "documents",
    "query",
    "documents",
  ]);
});

test("the strip's bars add up to the whole text", () => {
  const { segments, text } = twoHopStory().trajectory;
  expect(stripOf(segments).reduce((sum, { length }) => sum + length, 0)).toBe(text.length);
});

test("tokens are told only where both ends of the range are known", () => {
  const segment = twoHopStory().trajectory.segments[0]!;
  expect(tokensOf(segment)).toBeUndefined();
  expect(tokensOf({ ...segment, tokenStart: 3, tokenEnd: 10 })).toBe(7);
});

test("splitting at control tags loses no character, whatever the text", () => {
  const pieces = fc.array(
    fc.oneof(fc.string(), fc.constantFrom("<think>", "</think>", "<|begin_of_query|>", "<", "|>")),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      expect(
        splitAtTags(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }),
  );
  expect(
    splitAtTags("<think>a < b</think>")
      .filter(({ tag }) => tag)
      .map(({ text }) => text),
  ).toEqual(["<think>", "</think>"]);
});
