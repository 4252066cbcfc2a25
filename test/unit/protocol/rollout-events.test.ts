import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { originCounts, partitionFault } from "../../../protocol/masks.ts";
import { applyRolloutEvent } from "../../../protocol/rollout-events.ts";
import type { Segment, Trajectory } from "../../../protocol/trajectory.ts";

const empty: Trajectory = {
  version: 1,
  id: "01JDXXXXXXXXXXXXXXXXXXXXXX",
  createdAt: "2026-01-01T00:00:00.000Z",
  status: "running",
  question: "q",
  profile: "docs",
  policy: { id: "extractive", kind: "extractive", label: "Extractive" },
  sampling: {},
  index: { id: "i", folders: [] },
  text: "",
  segments: [],
  searches: [],
  usage: { turns: 0, searches: 0, seconds: 0, policySeconds: 0, searchSeconds: 0 },
  notices: [],
};

const pieces = fc.array(
  fc.record({
    text: fc.string({ minLength: 1, maxLength: 8 }),
    origin: fc.constantFrom("policy" as const, "environment" as const),
  }),
  { maxLength: 30 },
);

describe("a watcher that applies every event", () => {
  test("holds a text that the segments partition, at every step", () => {
    fc.assert(
      fc.property(pieces, (given) => {
        let held: Trajectory | undefined = applyRolloutEvent(undefined, { type: "snapshot", trajectory: empty });
        for (const [index, piece] of given.entries()) {
          const start = held!.text.length;
          const segment: Segment = {
            kind: "other",
            origin: piece.origin,
            start,
            end: start + piece.text.length,
            turn: 0,
          };
          held = applyRolloutEvent(held, { type: "text", delta: piece.text, from: index, segments: [segment] });
          expect(partitionFault(held!.segments, held!.text.length)).toBeUndefined();
        }
        const counts = originCounts(held!.segments);
        expect(counts.policy + counts.environment).toBe(given.map((piece) => piece.text).join("").length);
      }),
    );
  });

  test("ignores events before the first snapshot", () => {
    expect(applyRolloutEvent(undefined, { type: "notice", message: "x" })).toBeUndefined();
  });
});

describe("partitionFault", () => {
  const segment = (start: number, end: number): Segment => ({ kind: "other", origin: "policy", start, end, turn: 0 });
  test.each([
    [[segment(1, 2)], 2],
    [[segment(0, 2), segment(3, 4)], 4],
    [[segment(0, 2), segment(1, 4)], 4],
    [[segment(0, 2)], 3],
    [[segment(0, -1)], 0],
  ])("names a gap, an overlap or a short end: %j", (segments, length) => {
    expect(partitionFault(segments, length)).toBeTypeOf("string");
  });
});
