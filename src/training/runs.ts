import * as vscode from "vscode";
import type { RunList, RunRef } from "../../protocol/run-messages.ts";
import type { RunEvent, RunSummary } from "../../protocol/run.ts";
import type { Request } from "../client/messages.ts";
import type { Faults } from "../faults.ts";
import { endingsOf, type Followed } from "./run-endings.ts";

const followedKey = "searchlight.followedRuns";

export interface RunEvents extends RunRef {
  events: RunEvent[];
}

/** The training runs that this window knows of. They belong to no window: what is here is what the server last told. */
export class Runs implements vscode.Disposable {
  readonly #server: { request: Request };
  readonly #memory: vscode.Memento;
  readonly #report: Faults["report"];
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #ended = new vscode.EventEmitter<RunSummary>();
  readonly #events = new vscode.EventEmitter<RunEvents>();
  #list: RunList = { runs: [] };
  #loaded = false;

  readonly onDidChange = this.#changed.event;
  /** A run that was seen alive is over: told once. */
  readonly onDidEnd = this.#ended.event;
  readonly onDidReceive = this.#events.event;

  constructor(server: { request: Request }, memory: vscode.Memento, report: Faults["report"]) {
    this.#server = server;
    this.#memory = memory;
    this.#report = report;
  }

  get all(): readonly RunSummary[] {
    return this.#list.runs;
  }

  /** Why the service's runs are not listed. */
  get trouble(): string | undefined {
    return this.#list.trouble;
  }

  /** Whether the server has told of them at all. */
  get loaded(): boolean {
    return this.#loaded;
  }

  find({ id, host }: { id: string; host?: string | undefined }): RunSummary | undefined {
    return this.#list.runs.find((run) => run.id === id && run.host === host);
  }

  /** Asks the server, which from then on tells of changes. A server that stops meanwhile is told of elsewhere. */
  async refresh(): Promise<void> {
    try {
      this.receive(await this.#server.request("runs", {}));
    } catch (error) {
      this.#report("listing training runs", error);
    }
  }

  readonly receive = (list: RunList): void => {
    this.#list = list;
    this.#loaded = true;
    const before = this.#memory.get<Followed>(followedKey, []);
    const { ended, followed } = endingsOf(list.runs, before);
    if (JSON.stringify(followed) !== JSON.stringify(before)) void this.#memory.update(followedKey, followed);
    this.#changed.fire();
    for (const run of ended) this.#ended.fire(run);
  };

  readonly receiveEvents = (events: RunEvents): void => this.#events.fire(events);

  dispose(): void {
    for (const emitter of [this.#changed, this.#ended, this.#events]) emitter.dispose();
  }
}
