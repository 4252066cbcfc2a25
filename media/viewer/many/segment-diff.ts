import { diffLines, diffWordsWithSpace } from "diff";
import { segmentText } from "../../../protocol/masks.ts";
import type { Reward } from "../../../protocol/reward.ts";
import type { Segment, Trajectory } from "../../../protocol/trajectory.ts";

export interface Change {
  text: string;
  /** On one side only, or on both. */
  side: "both" | "left" | "right";
}

/** A segment of one trajectory beside the one of the other that has its place. */
export interface SegmentChange {
  kind: Segment["kind"];
  origin: Segment["origin"];
  turn: number;
  /** Only one of the two has it. */
  only: "left" | "right" | undefined;
  changes: readonly Change[];
}

/** Texts longer than this together are compared by lines: comparing words takes time that grows with both. */
const wordsLimit = 24_000;

/**
 * Two trajectories of one question, segment by segment: the nth segment of a kind in a turn of the left stands beside the nth of that
 * kind in that turn of the right. Prompts are left out. In the order of turns; answers are compared with each other, at the end.
 */
export function segmentChanges(left: Trajectory, right: Trajectory): SegmentChange[] {
  const places = new Map<string, { left?: Segment; right?: Segment }>();
  for (const [side, { segments }] of [
    ["left", left],
    ["right", right],
  ] as const) {
    const counts = new Map<string, number>();
    for (const segment of segments) {
      if (segment.origin === "prompt") continue;
      // Answers are compared with each other, however many searches came before.
      const turn = segment.kind === "answer" ? "" : segment.turn;
      const name = `${turn}:${segment.kind}:${segment.origin}`;
      const nth = counts.get(name) ?? 0;
      counts.set(name, nth + 1);
      const place = `${name}:${nth}`;
      places.set(place, { ...places.get(place), [side]: segment });
    }
  }
  return [...places.values()]
    .map((pair, index) => ({ ...pair, index, of: (pair.left ?? pair.right)! }))
    .sort((a, b) => byPlace(a.of, b.of) || a.index - b.index)
    .map(({ left: one, right: other, of: { kind, origin, turn } }) => ({
      kind,
      origin,
      turn,
      only: one && other ? undefined : one ? "left" : "right",
      changes: changesOf(one ? segmentText(left, one) : "", other ? segmentText(right, other) : ""),
    }));
}

function byPlace(a: Segment, b: Segment): number {
  const answers = Number(a.kind === "answer") - Number(b.kind === "answer");
  return answers !== 0 ? answers : a.kind === "answer" ? 0 : a.turn - b.turn;
}

/** The pieces of two texts in order; those of `both` and `left` add up to the left one, those of `both` and `right` to the right. */
export function changesOf(left: string, right: string): Change[] {
  if (left === right) return left === "" ? [] : [{ text: left, side: "both" }];
  const long = left.length + right.length > wordsLimit;
  const pieces = long ? diffLines(left, right) : diffWordsWithSpace(left, right);
  return pieces.map(({ value, added, removed }) => ({
    text: value,
    side: added ? "right" : removed ? "left" : "both",
  }));
}

export interface ComponentChange {
  name: string;
  /** Points after the weight; absent where the reward has no such component. */
  left: number | undefined;
  right: number | undefined;
}

/** The components of two rewards beside each other, by name. */
export function componentChanges(left: Reward | null, right: Reward | null): ComponentChange[] {
  const of = (reward: Reward | null): Map<string, number> =>
    new Map((reward?.components ?? []).map(({ name, value, weight }) => [name, value * weight]));
  const one = of(left);
  const other = of(right);
  return [...new Set([...one.keys(), ...other.keys()])].map((name) => ({
    name,
    left: one.get(name),
    right: other.get(name),
  }));
}
