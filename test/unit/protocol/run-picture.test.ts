import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyPicture, foldRunEvent } from "../../../protocol/run-picture.ts";
import { RunEvent, type RunEventBody } from "../../../protocol/run.ts";
import { numbered, pictureOf, runStory } from "../../fixtures/training-run.ts";

const story = numbered(runStory({ iterations: 12 }));

test("the story is made of events as the protocol has them", () => {
  for (const event of story) expect(RunEvent.safeParse(event).success, event.type).toBe(true);
});

test("whoever joins at any moment, with any overlap, comes to the same picture", () => {
  const whole = pictureOf(story);
  fc.assert(
    fc.property(fc.nat(story.length), fc.nat(story.length), (cut, overlap) => {
      const picture = pictureOf(story.slice(0, cut));
      const outcomes = story.slice(Math.max(0, cut - overlap)).map((event) => foldRunEvent(picture, event));
      expect(outcomes.filter((outcome) => outcome === "known")).toHaveLength(Math.min(cut, overlap));
      expect(outcomes).not.toContain("hole");
      expect(picture).toEqual(whole);
    }),
  );
});

test("an event after a hole is refused and changes nothing", () => {
  const picture = pictureOf(story.slice(0, 20));
  const before = structuredClone(picture);
  expect(foldRunEvent(picture, story[21]!)).toBe("hole");
  expect(picture).toEqual(before);
});

const iteration = (at: number, reward: number): RunEventBody => ({
  type: "iteration",
  iteration: at,
  stage: "answers",
  metrics: { "reward/mean": reward },
});

test("what a resume abandons is taken back, and what is done again stands once", () => {
  const before = [iteration(0, 0.1), iteration(1, 0.2), iteration(2, 0.3)];
  const abandoned = pictureOf(numbered([...before, { type: "abandoned", iteration: 0 }]));
  expect(abandoned.training.x).toEqual([0]);
  expect(abandoned.stages).toEqual(["answers"]);
  const again = pictureOf(numbered([...before, { type: "abandoned", iteration: 0 }, iteration(1, 0.7)]));
  expect(again.training).toEqual({ x: [0, 1], metrics: { "reward/mean": [0.1, 0.7] } });
  expect(pictureOf(numbered([...before, { type: "abandoned", iteration: -1 }])).training.x).toEqual([]);
});

test("a metric that comes late or is missing at a step leaves a gap, not a shift", () => {
  const picture = pictureOf(
    numbered([
      { type: "iteration", iteration: 0, stage: "s", metrics: { a: 1 } },
      { type: "iteration", iteration: 1, stage: "s", metrics: { b: 2 } },
      { type: "iteration", iteration: 2, stage: "s", metrics: { a: 3, b: Number.NaN } },
    ]),
  );
  expect(picture.training.metrics).toEqual({ a: [1, null, 3], b: [null, 2, null] });
});

test("a metric named like a part of every object is a metric", () => {
  const metrics = JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, number>;
  const picture = pictureOf(numbered([{ type: "iteration", iteration: 0, stage: "s", metrics }]));
  expect(Object.keys(picture.training.metrics).toSorted()).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["0"]).toBeUndefined();
});

test("there is one best checkpoint, and a run resumed after its end lives again", () => {
  const picture = pictureOf(story);
  expect(picture.checkpoints.filter(({ best }) => best).map(({ name }) => name)).toEqual(["iteration-10"]);
  for (const event of numbered(
    [
      { type: "done", outcome: "failed", reason: "The disk is full." },
      { type: "launched", pid: 1, resumed: true },
    ],
    story.length,
  )) {
    foldRunEvent(picture, event);
  }
  expect(picture.state).toBe("running");
  expect(picture.reason).toBeUndefined();
  expect(picture.endedAt).toBeUndefined();
});

test("only the latest groups, notes and lines are kept", () => {
  const picture = emptyPicture();
  const lines = Array.from({ length: 700 }, (_, at): RunEventBody => ({
    type: "log",
    level: "info",
    message: `${at}`,
  }));
  for (const event of numbered([...lines, ...runStory({ iterations: 400 })])) foldRunEvent(picture, event);
  expect(picture.log).toHaveLength(500);
  expect(picture.log.at(-1)?.message).toBe("699");
  expect(picture.groups).toHaveLength(512);
  expect(picture.groups.at(-1)?.iteration).toBe(399);
});
