import type { LogOutputChannel } from "vscode";

const kept = 50;

/** Where every failure of the extension goes: into the log, and into the short list that the status report shows. */
export class Faults {
  readonly channel: LogOutputChannel;
  #recent: readonly string[] = [];

  constructor(channel: LogOutputChannel) {
    this.channel = channel;
  }

  /** The last failures, oldest first, one line each with its time. */
  get recent(): readonly string[] {
    return this.#recent;
  }

  readonly report = (where: string, error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    this.#recent = [...this.#recent, `${new Date().toISOString()} ${where}: ${message}`].slice(-kept);
    this.channel.error(where, error);
  };
}
