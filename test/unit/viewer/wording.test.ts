import { expect, test } from "vitest";
import { answerMarkdown } from "../../../media/viewer/answer-markdown.ts";
import { count, legs, seconds, segmentLabel, stateOf } from "../../../media/viewer/wording.ts";
import { twoHopStory } from "../../fixtures/story.ts";

test("an answer is copied as Markdown with its quotes, places and statuses, unsupported sentences named", () => {
  expect(answerMarkdown(twoHopStory().trajectory.answer!, () => undefined)).toBe(
    [
      "The near-infrared wheel (FW-2), parked in position 0. [1] [2] It is parked by hand. [3] (unsupported)",
      "[1] history/instruments.md:14-19 (verified)\n> The Larch telescope saw first light in 1974 and is the older of the two.",
      "[2] operations/interlocks.html:88-97 (moved)\n> The Larch dome does not open until the near-infrared wheel (FW-2) is parked in position 0.",
      "[3] operations/log-1998.txt:3 (stale)\n> Wheels are parked by hand.\n",
    ].join("\n\n"),
  );
});

test("every way to end has words of its own kind", () => {
  const words = (reason: NonNullable<ReturnType<typeof twoHopStory>["trajectory"]["stop"]>["reason"]) =>
    stateOf({ status: "done", stop: { reason } }, false).words;
  expect(words("finished")).toBe("finished");
  expect(words("cancelled")).toBe("stopped");
  expect(words("policy-error")).toBe("the model failed");
  expect(words("turn-limit")).toBe("turn limit");
  expect(stateOf({ status: "interrupted", stop: undefined as never }, false).words).toBe("interrupted");
  expect(stateOf({ status: "running" }, true).words).toBe("running");
});

test("masked segments are named as masked", () => {
  expect(segmentLabel({ kind: "documents", origin: "environment" })).toBe("Documents, masked");
  expect(segmentLabel({ kind: "think", origin: "policy" })).toBe("Thought");
});

test("counts, times and legs read as a person writes them", () => {
  expect(count(1, "search", "searches")).toBe("1 search");
  expect(count(12_345, "char")).toBe("12,345 chars");
  expect(seconds(0.0094)).toBe("9 ms");
  expect(seconds(4.12)).toBe("4.1 s");
  expect(legs({ words: { rank: 1, score: 3 } })).toBe("words #1 (3.00)");
  expect(legs({ words: { rank: 1, score: 3 }, vectors: { rank: 3, score: 0.5 } })).toBe(
    "words #1 (3.00) · vectors #3 (0.50)",
  );
});
