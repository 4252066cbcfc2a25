import * as vscode from "vscode";
import type { ServerOptions } from "../../protocol/server-messages.ts";
import type { Faults } from "../faults.ts";
import type { ServerLife } from "./language-client.ts";
import type { ClientHandlers, Notify, Request } from "./messages.ts";
import { type AfterCrash, afterCrash } from "./restart-policy.ts";

/** stopped: never started, or stopped by us; waiting: between a crash and the restart; given-up: too many crashes. */
export type ServerState = "stopped" | "starting" | "running" | "waiting" | "given-up";

export interface ServerLinkSpec {
  extensionPath: string;
  faults: Faults;
  /** What the server is to be started with, as of this moment. */
  options(): ServerOptions;
  /** True while nothing would be lost by exchanging the server. */
  idle(): boolean;
  client: ClientHandlers;
}

interface Life {
  readonly options: string;
  readonly server: Promise<ServerLife>;
}

/**
 * The connection to the language server over its several lives: started at first need, started again after a crash as
 * the restart policy allows, and exchanged for one with fresh options when these changed and no question runs.
 */
export class ServerLink implements vscode.Disposable {
  readonly #spec: ServerLinkSpec;
  readonly #states = new vscode.EventEmitter<ServerState>();
  readonly #crashed = new vscode.EventEmitter<AfterCrash>();
  readonly #started = new vscode.EventEmitter<void>();
  #state: ServerState = "stopped";
  #life: Life | undefined;
  #crashes: readonly number[] = [];
  #exchange: Promise<void> | undefined;

  readonly onDidChangeState = this.#states.event;
  readonly onDidCrash = this.#crashed.event;
  readonly onDidStart = this.#started.event;

  constructor(spec: ServerLinkSpec) {
    this.#spec = spec;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Starts the server if it is not up; failures show as state and message, not here. */
  start(): void {
    this.#ensure().catch((error: unknown) => this.#spec.faults.report("starting the server", error));
  }

  /** Sends a request, starting the server where needed. Rejects with one sentence when there is no server to be had. */
  readonly request: Request = async (name, params, signal) => {
    const server = await this.#ensure();
    const life = this.#life;
    try {
      return await server.request(name, params, signal);
    } catch (error) {
      if (life === this.#life) throw error;
      throw new Error("The Searchlight server stopped before it answered; try again.", { cause: error });
    }
  };

  /** Sends a notification to the running server; without one it is dropped. */
  readonly notify: Notify = async (name, params) => {
    const server = await this.#life?.server.catch(() => undefined);
    await server?.notify(name, params);
  };

  async pid(): Promise<number | undefined> {
    await this.#exchange;
    return (await this.#life?.server.catch(() => undefined))?.pid;
  }

  /** Exchanges the server when what it was started with changed and it has nothing to do. */
  settle(): void {
    if (this.#outdated() && this.#spec.idle()) {
      this.#replace().catch((error: unknown) => this.#spec.faults.report("restarting the server", error));
    }
  }

  /** Starts afresh at the person's wish: crashes before it count no more. */
  async restart(): Promise<void> {
    this.#crashes = [];
    await this.#replace();
  }

  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    this.#setState("stopped");
    await (await life?.server.catch(() => undefined))?.stop();
  }

  dispose(): void {
    void this.stop();
    for (const emitter of [this.#states, this.#crashed, this.#started]) emitter.dispose();
  }

  async #ensure(): Promise<ServerLife> {
    await this.#exchange;
    if (this.#outdated() && this.#spec.idle()) await this.#replace();
    if (this.#state === "given-up") {
      throw new Error(
        "The Searchlight server stopped too often and is not running; run “Searchlight: Restart Server”.",
      );
    }
    const life = (this.#life ??= this.#open(0));
    try {
      return await life.server;
    } catch (error) {
      // A failed start is followed by the next attempt until the restart policy gives up.
      if (life !== this.#life) return this.#ensure();
      throw error;
    }
  }

  #outdated(): boolean {
    return this.#life !== undefined && this.#life.options !== JSON.stringify(this.#spec.options());
  }

  #replace(): Promise<void> {
    this.#exchange ??= (async () => {
      await this.stop();
      this.#life = this.#open(0);
      await this.#life.server.catch(() => undefined);
    })().finally(() => (this.#exchange = undefined));
    return this.#exchange;
  }

  #open(delayMilliseconds: number): Life {
    const options = this.#spec.options();
    const life: Life = {
      options: JSON.stringify(options),
      server: this.#begin(() => life, options, delayMilliseconds),
    };
    // Whoever waits for it sees the failure; nobody has to.
    life.server.catch(() => undefined);
    return life;
  }

  async #begin(self: () => Life, options: ServerOptions, delayMilliseconds: number): Promise<ServerLife> {
    await new Promise((resolve) => setTimeout(resolve, delayMilliseconds));
    const current = (): boolean => this.#life === self();
    if (!current()) throw new Error("The server was stopped before it started.");
    this.#setState("starting");
    const { startServer } = await import("./language-client.ts");
    try {
      const server = await startServer({
        extensionPath: this.#spec.extensionPath,
        faults: this.#spec.faults,
        options,
        handlers: this.#spec.client,
        onEnd: () => current() && this.#end(),
      });
      if (current()) {
        this.#setState("running");
        this.#started.fire();
      }
      return server;
    } catch (error) {
      this.#spec.faults.report("the server did not start", error);
      if (current()) this.#end();
      throw error;
    }
  }

  #end(): void {
    const next = afterCrash(this.#crashes, Date.now());
    this.#crashes = next.crashes;
    this.#life = undefined;
    if (next.action === "restart") {
      this.#setState("waiting");
      this.#life = this.#open(next.delayMilliseconds);
    } else {
      this.#setState("given-up");
    }
    this.#crashed.fire(next);
  }

  #setState(state: ServerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#states.fire(state);
  }
}
