import { z } from "zod";
import { EngineError } from "../engine.ts";
import { type EngineConnection, EngineStatus } from "./connection.ts";

const Created = z.looseObject({ session_id: z.string().min(1) });

/** Heartbeats keep the engine from taking a session for dead and unloading its models. */
const heartbeatMilliseconds = 10_000;

/** A session on an engine, with its heartbeat. */
export class EngineSession {
  readonly id: string;
  readonly #connection: EngineConnection;
  readonly #ended = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #lost = false;

  private constructor(id: string, connection: EngineConnection, interval: number) {
    this.id = id;
    this.#connection = connection;
    this.#timer = setInterval(() => void this.#beat(), interval);
    this.#timer.unref();
  }

  static async open(
    connection: EngineConnection,
    signal: AbortSignal,
    interval = heartbeatMilliseconds,
  ): Promise<EngineSession> {
    const body = { tags: ["searchlight"], sdk_version: "0.25.0", user_metadata: null, type: "create_session" };
    // A second session costs a row on the server and nothing else.
    const answer = Created.safeParse(await connection.json("/create_session", body, { signal, retry: "always" }));
    if (!answer.success)
      throw new EngineError("bad-response", `${connection.host} gave no session; it may be no Tinker server.`);
    return new EngineSession(answer.data.session_id, connection, interval);
  }

  /** @throws EngineError of kind "lost" where the server has forgotten the session */
  check(): void {
    if (this.#lost)
      throw new EngineError(
        "lost",
        `${this.#connection.host} has forgotten this session and its models; resume from a checkpoint.`,
      );
  }

  close(): void {
    clearInterval(this.#timer);
    this.#ended.abort();
  }

  async #beat(): Promise<void> {
    try {
      const body = { session_id: this.id, type: "session_heartbeat" };
      await this.#connection.json("/session_heartbeat", body, {
        signal: this.#ended.signal,
        seconds: heartbeatMilliseconds / 1000,
        retry: "never",
      });
    } catch (error) {
      // A server that cannot be reached for a moment still knows the session; one that answers 404 does not.
      if (error instanceof EngineStatus && error.status === 404) this.#lost = true;
    }
  }
}
