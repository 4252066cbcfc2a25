import { expect, test } from "vitest";
import { LiveQuestion } from "../../../src/questions/live-question.ts";
import { twoHopStory } from "../../fixtures/story.ts";

const story = twoHopStory();
const { events } = story;

test("events in order give the trajectory and its end", () => {
  const live = new LiveQuestion("q");
  for (const [seq, event] of events.entries()) expect(live.receive(seq, event)).toBe("applied");
  expect(live.trajectory).toEqual(story.trajectory);
  expect(live.ended).toBe(true);
});

test("a hole is reported once; after catching up the events go on", () => {
  const live = new LiveQuestion("q");
  live.receive(0, events[0]!);
  expect(live.receive(2, events[2]!)).toBe("hole");
  expect(live.receive(3, events[3]!)).toBe("ignored");
  const whole = new LiveQuestion("q");
  for (const [seq, event] of events.slice(0, 4).entries()) whole.receive(seq, event);
  live.catchUp(whole.trajectory!);
  for (const [index, event] of events.slice(4).entries()) expect(live.receive(index + 4, event)).toBe("applied");
  expect(live.trajectory).toEqual(story.trajectory);
});

test("a watcher that comes late sees a hole, whatever event it meets first", () => {
  const live = new LiveQuestion("q");
  expect(live.receive(5, events[5]!)).toBe("hole");
  expect(live.trajectory).toBeUndefined();
});

test("an event that came before is not applied twice", () => {
  const live = new LiveQuestion("q");
  live.receive(0, events[0]!);
  live.receive(1, events[1]!);
  const { text } = live.trajectory!;
  expect(live.receive(1, events[1]!)).toBe("ignored");
  expect(live.trajectory!.text).toBe(text);
});

test("the whole record at the end heals any hole before it", () => {
  const live = new LiveQuestion("q");
  live.receive(0, events[0]!);
  expect(live.receive(events.length - 1, events.at(-1)!)).toBe("applied");
  expect(live.trajectory).toEqual(story.trajectory);
});

test("an interrupted question keeps all it had, and takes nothing in after that", () => {
  const live = new LiveQuestion("q");
  for (const [seq, event] of events.slice(0, 6).entries()) live.receive(seq, event);
  const { text } = live.trajectory!;
  expect(live.interrupt()).toMatchObject({ status: "interrupted", stop: { reason: "interrupted" }, text });
  expect(live.receive(6, events[6]!)).toBe("ignored");
  expect(live.ended).toBe(true);
});
