import type { Search, Segment, Trajectory } from "../../../protocol/trajectory.ts";

/** What happened between two searches: a stretch of the policy's text and what the environment answered. */
export interface Turn {
  segments: readonly Segment[];
  search: Search | undefined;
}

/** A trajectory cut for a column: its turns in order, and its answer, which stands in a row of its own. */
export interface ColumnTurns {
  turns: readonly Turn[];
  answer: readonly Segment[];
}

/** Cuts a trajectory by search turn. The prompt is left out; the answer is the last segment of that kind. */
export function turnsOf({ segments, searches }: Pick<Trajectory, "segments" | "searches">): ColumnTurns {
  const answerAt = segments.findLastIndex(({ kind }) => kind === "answer");
  const byTurn = new Map<number, Segment[]>();
  for (const [index, segment] of segments.entries()) {
    if (segment.origin === "prompt" || index === answerAt || segment.start === segment.end) continue;
    const turn = byTurn.get(segment.turn);
    if (turn) turn.push(segment);
    else byTurn.set(segment.turn, [segment]);
  }
  const turns = [...byTurn]
    .sort(([a], [b]) => a - b)
    .map(([turn, of]) => ({ segments: of, search: searches.find((search) => search.turn === turn) }));
  return { turns, answer: answerAt < 0 ? [] : [segments[answerAt]!] };
}

/** How many of some trajectories sent each query and were given each passage, so that what they share can be told. */
export function shared(trajectories: readonly Pick<Trajectory, "searches">[]): {
  queries: ReadonlyMap<string, number>;
  passages: ReadonlyMap<string, number>;
} {
  const queries = new Map<string, number>();
  const passages = new Map<string, number>();
  const add = (counts: Map<string, number>, values: Iterable<string>): void => {
    for (const value of new Set(values)) counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  for (const { searches } of trajectories) {
    add(
      queries,
      searches.map(({ query }) => query.trim().toLowerCase()),
    );
    add(
      passages,
      searches.flatMap(({ hits, insertedHits }) => hits.slice(0, insertedHits).map(({ passage }) => passage.id)),
    );
  }
  return { queries, passages };
}
