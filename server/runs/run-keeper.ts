import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunAction, RunEventBody } from "../../protocol/run.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { replaceFile } from "../durable-lines.ts";
import type { Asked, SavedCheckpoint, TrainingHost } from "../training/loop/host.ts";
import type { EventLog } from "./event-log.ts";
import type { RunPaths } from "./run-paths.ts";
import type { TrajectoryStore } from "./trajectory-store.ts";

/** The disk refused what a run has to keep: one sentence. */
export class RunDiskError extends Error {
  override readonly name = "RunDiskError";
}

/** Keeps a run on disk for its loop, and hands on to the loop what people ask. */
export class RunKeeper implements TrainingHost {
  readonly #paths: RunPaths;
  readonly #events: EventLog;
  readonly #trajectories: TrajectoryStore;
  readonly #onWrote: (cursor: number) => void;
  readonly #waiting = new Set<() => void>();
  #asked: Asked = "go-on";
  #state: "running" | "paused" | "stopping" = "running";

  constructor(paths: RunPaths, events: EventLog, trajectories: TrajectoryStore, onWrote: (cursor: number) => void) {
    this.#paths = paths;
    this.#events = events;
    this.#trajectories = trajectories;
    this.#onWrote = onWrote;
  }

  get cursor(): number {
    return this.#events.next;
  }

  record(event: RunEventBody): void {
    this.#kept(() => this.#events.append(event));
    if (event.type === "state" && (event.state === "running" || event.state === "paused" || event.state === "stopping"))
      this.#state = event.state;
    this.#onWrote(this.cursor);
  }

  keep(trajectories: Iterable<Trajectory>): void {
    this.#kept(() => this.#trajectories.keep(trajectories));
  }

  acknowledge({ checkpoint, position }: SavedCheckpoint): void {
    // One line: the checkpoint is acknowledged with the place to go on from, or not at all.
    this.#kept(() => this.#events.append({ type: "checkpoint", checkpoint }, { position }));
    if (this.#asked === "checkpoint") this.#asked = "go-on";
    this.#onWrote(this.cursor);
  }

  keepArchive(name: string, bytes: Uint8Array): string {
    const file = `${name.replaceAll(/[^A-Za-z0-9._-]/g, "-").replace(/^\.+/, "")}.tar.gz`;
    this.#kept(() => {
      mkdirSync(this.#paths.adapters, { recursive: true });
      replaceFile(join(this.#paths.adapters, file), bytes);
    });
    return `adapters/${file}`;
  }

  asked(): Asked {
    return this.#asked;
  }

  async whilePaused(signal: AbortSignal): Promise<Asked> {
    // A health monitor or a lost engine pauses without being asked; whoever looks on sees it either way.
    if (this.#asked === "go-on" || this.#asked === "checkpoint") this.#asked = "pause";
    if (this.#state !== "paused") this.record({ type: "state", state: "paused" });
    while (this.#asked === "pause") await this.#change(signal);
    const asked = this.#asked;
    this.record({ type: "state", state: asked === "stop" ? "stopping" : "running" });
    return asked;
  }

  /** What somebody asked from outside. Answers why it cannot be, or nothing. */
  ask(action: RunAction): string | undefined {
    if (this.#asked === "stop" && action !== "stop") return "The run is stopping; resume it when it has ended.";
    switch (action) {
      case "pause":
        this.#asked = "pause";
        break;
      case "resume":
        if (this.#asked !== "pause") return undefined;
        this.#asked = "go-on";
        break;
      case "checkpoint":
        if (this.#state === "paused") return "The run waits with its last checkpoint saved; let it go on first.";
        if (this.#asked === "pause") return undefined;
        this.#asked = "checkpoint";
        break;
      case "stop":
        if (this.#asked === "stop") return undefined;
        this.#asked = "stop";
        this.record({ type: "state", state: "stopping" });
        break;
    }
    for (const wake of this.#waiting) wake();
    return undefined;
  }

  #kept(write: () => void): void {
    try {
      write();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (typeof code !== "string") throw error;
      const why = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" ? "the disk is full" : code;
      throw new RunDiskError(
        `${this.#paths.folder} cannot be written (${why}); make room and resume the run, which goes on from its last checkpoint.`,
        { cause: error },
      );
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const settle = (act: () => void) => (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", abort);
        act();
      };
      const wake = settle(resolve);
      const abort = settle(() => reject(signal.reason as Error));
      this.#waiting.add(wake);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
}
