import { z } from "zod";
import { Answer } from "./answer.ts";
import { Search, Segment, Trajectory } from "./trajectory.ts";

/**
 * What a running rollout tells its watchers, in order. A watcher that applies every event holds the trajectory so far;
 * one that comes late asks for the trajectory and goes on from its `seq`.
 */
export const RolloutEvent = z.discriminatedUnion("type", [
  /** The trajectory as it starts: prompt segment, no response. Also sent whole after a reattach. */
  z.object({ type: z.literal("snapshot"), trajectory: Trajectory }),
  /** Text appended at the end. `segments` are all segments from index `from` on, complete. */
  z.object({ type: z.literal("text"), delta: z.string(), from: z.int().min(0), segments: z.array(Segment) }),
  z.object({ type: z.literal("search-started"), turn: z.int().min(0), query: z.string() }),
  z.object({ type: z.literal("search"), search: Search }),
  z.object({ type: z.literal("notice"), message: z.string() }),
  z.object({ type: z.literal("answer"), answer: Answer }),
  /** The last event: the whole record as it is stored. */
  z.object({ type: z.literal("done"), trajectory: Trajectory }),
]);
export type RolloutEvent = z.infer<typeof RolloutEvent>;

/** Applies one event to the trajectory so far. Pure: returns a changed copy. */
export function applyRolloutEvent(trajectory: Trajectory | undefined, event: RolloutEvent): Trajectory | undefined {
  if (event.type === "snapshot" || event.type === "done") return event.trajectory;
  if (!trajectory) return undefined;
  switch (event.type) {
    case "text":
      return {
        ...trajectory,
        text: trajectory.text + event.delta,
        segments: [...trajectory.segments.slice(0, event.from), ...event.segments],
      };
    case "search":
      return { ...trajectory, searches: [...trajectory.searches, event.search] };
    case "notice":
      return { ...trajectory, notices: [...trajectory.notices, event.message] };
    case "answer":
      return { ...trajectory, answer: event.answer };
    case "search-started":
      return trajectory;
  }
}
