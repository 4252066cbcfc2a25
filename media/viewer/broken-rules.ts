import type { Reward, Violation } from "../../protocol/reward.ts";

/** A rule that the trajectory broke, under an id of the page's own. */
export interface BrokenRule {
  id: string;
  component: string;
  /** Points after the component's weight. */
  points: number;
  violation: Violation;
}

/** Every broken rule of a reward, in the order of its components. */
export function brokenRules(reward: Reward | undefined): readonly BrokenRule[] {
  return (reward?.components ?? []).flatMap(({ name, weight, violations }, component) =>
    violations.map((violation, index) => ({
      id: `rule-${component}-${index}`,
      component: name,
      points: violation.points * weight,
      violation,
    })),
  );
}

/** A piece of a text with the spans that cover it. */
export interface MarkedPiece {
  text: string;
  /** Ids of the spans over the piece. */
  ids: readonly string[];
}

/** Cuts a text that begins at `offset` of its trajectory at the borders of spans. Ranges may lie anywhere. */
export function cutAtSpans(
  text: string,
  offset: number,
  spans: readonly { id: string; start: number; end: number }[],
): readonly MarkedPiece[] {
  const inside = spans
    .map(({ id, start, end }) => ({
      id,
      start: Math.max(0, start - offset),
      end: Math.min(text.length, end - offset),
    }))
    .filter(({ start, end }) => start < end);
  if (inside.length === 0) return [{ text, ids: [] }];
  const borders = new Set([0, text.length, ...inside.flatMap(({ start, end }) => [start, end])]);
  const cuts = [...borders].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((from, index) => ({
    text: text.slice(from, cuts[index + 1]),
    ids: inside.filter(({ start, end }) => start <= from && end > from).map(({ id }) => id),
  }));
}
