import * as vscode from "vscode";
import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Request } from "../client/messages.ts";
import type { LiveQuestion, RolloutMessage } from "./live-question.ts";

const shownKey = "searchlight.shownTrajectory";

/** What the view shows: a live question, a stored trajectory, or nothing. */
export interface Shown {
  readonly trajectory: Trajectory | null;
  readonly live: boolean;
}

/** The questions of this window: those that run, and the one that is shown. */
export class Questions implements vscode.Disposable {
  readonly #server: { request: Request };
  readonly #memory: vscode.Memento;
  readonly #running = new Map<string, LiveQuestion>();
  readonly #shownChanged = new vscode.EventEmitter<Shown>();
  readonly #applied = new vscode.EventEmitter<{ trajectoryId: string; event: RolloutEvent }>();
  readonly #runningChanged = new vscode.EventEmitter<void>();
  readonly #ended = new vscode.EventEmitter<void>();
  #shownLive: LiveQuestion | undefined;
  #shownStored: Trajectory | undefined;
  #interrupted: string | undefined;

  /** Something else is shown, or the same as a whole again. */
  readonly onDidShow = this.#shownChanged.event;
  /** The shown question took in one event. */
  readonly onDidApply = this.#applied.event;
  readonly onDidChangeRunning = this.#runningChanged.event;
  readonly onDidEnd = this.#ended.event;

  constructor(server: { request: Request }, memory: vscode.Memento) {
    this.#server = server;
    this.#memory = memory;
  }

  get shown(): Shown {
    const live = this.#shownLive;
    if (live) return { trajectory: live.trajectory ?? null, live: !live.ended };
    return { trajectory: this.#shownStored ?? null, live: false };
  }

  /** Id of the record that is shown; a fallback goes on under an id other than the asked one. */
  get shownId(): string | undefined {
    return this.shown.trajectory?.id ?? this.#shownLive?.askedId;
  }

  get running(): readonly LiveQuestion[] {
    return [...this.#running.values()];
  }

  get anyRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Starts a question and shows it. */
  async ask(question: string, follows?: string): Promise<string> {
    const { trajectoryId } = await this.#server.request("ask", { question, ...(follows ? { follows } : {}) });
    this.#showLive(await this.#live(trajectoryId));
    return trajectoryId;
  }

  /** Stops the shown question where it runs, else all that run. */
  async stop(): Promise<void> {
    const shown = this.#shownLive;
    const targets = shown && !shown.ended ? [shown] : this.running;
    await Promise.all(targets.map(({ askedId }) => this.#server.request("stop", { trajectoryId: askedId })));
  }

  /** Shows a running or stored trajectory. False when there is none of this id. */
  async show(id: string): Promise<boolean> {
    const live = this.running.find(({ askedId, trajectory }) => askedId === id || trajectory?.id === id);
    if (live) {
      this.#showLive(live);
      return true;
    }
    const { trajectory } = await this.#server.request("trajectory", { id });
    if (!trajectory) return false;
    this.#showStored(trajectory);
    return true;
  }

  /** Shows a record that is in no store of an open folder, such as a rollout of a training run. */
  showRecord(trajectory: Trajectory): void {
    this.#showStored(trajectory);
  }

  /** Shows what the window showed before it was reloaded. */
  async restore(): Promise<void> {
    const id = this.#memory.get<string>(shownKey);
    if (!id || this.shownId) return;
    const { trajectory } = await this.#server.request("trajectory", { id });
    // A question that was asked meanwhile is what the person wants to see.
    if (trajectory && !this.shownId) this.#showStored(trajectory);
  }

  async receive({ trajectoryId, seq, event }: RolloutMessage): Promise<void> {
    const live = await this.#live(trajectoryId);
    const outcome = live.receive(seq, event);
    if (outcome === "hole") void this.#catchUp(live).catch(() => undefined);
    if (outcome !== "applied") return;
    if (live === this.#shownLive) {
      this.#remember();
      this.#applied.fire({ trajectoryId, event });
    }
    if (live.ended) this.#finish(live);
    else if (event.type === "snapshot") this.#runningChanged.fire();
  }

  /** The server died: what ran is interrupted and keeps all it had. */
  interrupt(): void {
    for (const live of this.running) {
      live.interrupt();
      if (live === this.#shownLive) {
        this.#interrupted = live.trajectory?.id ?? live.askedId;
        this.#shownChanged.fire(this.shown);
      }
      this.#finish(live);
    }
  }

  /** The server is up again: the interrupted question is shown as the store has it. */
  async refetch(): Promise<void> {
    const id = this.#interrupted;
    this.#interrupted = undefined;
    if (!id || this.shownId !== id) return;
    try {
      const { trajectory } = await this.#server.request("trajectory", { id });
      if (trajectory && this.shownId === id) this.#showStored(trajectory);
    } catch {
      // The copy from before the crash stays shown.
    }
    this.#ended.fire();
  }

  dispose(): void {
    for (const emitter of [this.#shownChanged, this.#applied, this.#runningChanged, this.#ended]) emitter.dispose();
  }

  /** The schemas behind a live question take longest to load of all, so that waits for the first question. */
  async #live(askedId: string): Promise<LiveQuestion> {
    const { LiveQuestion } = await import("./live-question.ts");
    const known = this.#running.get(askedId) ?? (this.#shownLive?.askedId === askedId ? this.#shownLive : undefined);
    if (known) return known;
    const live = new LiveQuestion(askedId);
    this.#running.set(askedId, live);
    this.#runningChanged.fire();
    return live;
  }

  async #catchUp(live: LiveQuestion): Promise<void> {
    const { trajectory } = await this.#server.request("trajectory", { id: live.trajectory?.id ?? live.askedId });
    if (!trajectory) return;
    live.catchUp(trajectory);
    if (live === this.#shownLive) this.#shownChanged.fire(this.shown);
    if (live.ended) this.#finish(live);
  }

  #finish(live: LiveQuestion): void {
    if (!this.#running.delete(live.askedId)) return;
    this.#runningChanged.fire();
    this.#ended.fire();
  }

  #showLive(live: LiveQuestion): void {
    this.#shownLive = live;
    this.#shownStored = undefined;
    this.#remember();
    this.#shownChanged.fire(this.shown);
  }

  #showStored(trajectory: Trajectory): void {
    this.#shownLive = undefined;
    this.#shownStored = trajectory;
    this.#remember();
    this.#shownChanged.fire(this.shown);
  }

  #remember(): void {
    const id = this.shownId;
    if (this.#memory.get(shownKey) !== id) void this.#memory.update(shownKey, id);
  }
}
