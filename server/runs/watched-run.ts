import { emptyPicture, foldRunEvent, type RunPicture } from "../../protocol/run-picture.ts";
import { isLive } from "../../protocol/run-state.ts";
import type { RunEvent } from "../../protocol/run.ts";
import type { RunHost } from "./run-host.ts";

/** Events that come in bursts travel together. */
const gatherMilliseconds = 100;
/** A host that fell silent (a service that restarts) is asked again after this. */
const retryMilliseconds = 2_000;

export interface WatchedRunSpec {
  host: RunHost;
  id: string;
  publish(events: RunEvent[]): void;
  onFault(where: string, error: unknown): void;
}

/** A run that somebody looks at: its events are folded into a picture, and those after the first picture are passed on. */
export class WatchedRun {
  readonly #spec: WatchedRunSpec;
  readonly #ending = new AbortController();
  readonly #picture: RunPicture = emptyPicture();
  /** `seq` of the first event that speaks of an iteration's rollouts. */
  readonly #begins = new Map<number, number>();
  readonly #waiting = new Set<() => void>();
  #gathered: RunEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #published = false;

  constructor(spec: WatchedRunSpec) {
    this.#spec = spec;
    void this.#follow();
  }

  /** The picture once it holds all events below `cursor`. From then on events are published. Rejects when the signal fires. */
  async picture(cursor: number, signal: AbortSignal): Promise<RunPicture> {
    while (this.#picture.cursor < cursor) await this.#change(signal);
    // What the picture holds is not published again.
    this.#flush();
    this.#published = true;
    return this.#picture;
  }

  /** `seq` from which on the events of an iteration's groups are found. */
  beginOf(iteration: number): number | undefined {
    return this.#begins.get(iteration);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ending.abort();
  }

  async #follow(): Promise<void> {
    const { host, id, onFault } = this.#spec;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        for await (const event of host.events(id, this.#picture.cursor, signal)) this.#take(event);
      } catch (error) {
        if (signal.aborted) return;
        onFault(`following the run ${id}`, error);
      }
      // A run that ended can be resumed, by anybody: the host is asked again, more seldom.
      await sleep(isLive(this.#picture.state) ? retryMilliseconds / 4 : retryMilliseconds, signal);
    }
  }

  #take(event: RunEvent): void {
    if (foldRunEvent(this.#picture, event) !== "folded") return;
    const iteration = event.type === "group" ? event.group.iteration : event.type === "phase" ? event.iteration : -1;
    if (iteration >= 0 && (!this.#begins.has(iteration) || (event.type === "phase" && event.phase === "rollouts"))) {
      this.#begins.set(iteration, event.seq);
    }
    for (const wake of this.#waiting) wake();
    if (!this.#published) return;
    this.#gathered.push(event);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMilliseconds);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.length === 0) return;
    const events = this.#gathered;
    this.#gathered = [];
    this.#spec.publish(events);
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const done = (act: () => void) => (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", abort);
        act();
      };
      const wake = done(resolve);
      const abort = done(() => reject(new Error("The run is not waited for any more.")));
      this.#waiting.add(wake);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
