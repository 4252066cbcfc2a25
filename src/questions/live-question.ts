import { applyRolloutEvent, type RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";

export interface RolloutMessage {
  trajectoryId: string;
  seq: number;
  event: RolloutEvent;
}

/**
 * A running question as its events tell it. The server numbers the events without holes; after a hole the question
 * waits for the trajectory fetched whole and skips what arrives before that, since the fetched one contains it.
 */
export class LiveQuestion {
  readonly askedId: string;
  #trajectory: Trajectory | undefined;
  #next = 0;
  #missing = false;
  #ended = false;

  constructor(askedId: string) {
    this.askedId = askedId;
  }

  /** The record so far; absent until the first event. */
  get trajectory(): Trajectory | undefined {
    return this.#trajectory;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Takes in an event: `applied`, `hole` when events before it are missing, `ignored` when it is of no use. */
  receive(seq: number, event: RolloutEvent): "applied" | "hole" | "ignored" {
    if (this.#ended || seq < this.#next) return "ignored";
    const whole = event.type === "snapshot" || event.type === "done";
    const hole = !whole && (this.#missing || seq > this.#next || !this.#trajectory);
    this.#next = seq + 1;
    if (hole) {
      const first = !this.#missing;
      this.#missing = true;
      return first ? "hole" : "ignored";
    }
    this.#missing = false;
    this.#trajectory = applyRolloutEvent(this.#trajectory, event);
    this.#ended = event.type === "done";
    return "applied";
  }

  /** Takes in the trajectory fetched after a hole. */
  catchUp(trajectory: Trajectory): void {
    if (this.#ended) return;
    this.#missing = false;
    this.#trajectory = trajectory;
    this.#ended = trajectory.status !== "running";
  }

  /** Ends it as interrupted with all it had: the process that ran it is gone. */
  interrupt(): Trajectory | undefined {
    this.#ended = true;
    if (this.#trajectory) {
      this.#trajectory = { ...this.#trajectory, status: "interrupted", stop: { reason: "interrupted" } };
    }
    return this.#trajectory;
  }
}
