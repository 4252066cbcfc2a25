import type { NotificationMessage, RequestMessage } from "../../protocol/message.ts";
import { toClient, toServer } from "../../protocol/server-messages.ts";
import type { ClientHandlers, Notify, Request } from "./messages.ts";

interface Token {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): unknown;
}

/** The part of a language client that messages travel over. */
export interface Endpoint {
  sendRequest(method: string, params: unknown, token?: Token): Promise<unknown>;
  sendNotification(method: string, params: unknown): Promise<void>;
  onRequest(method: string, handler: (params: unknown, token: Token) => unknown): unknown;
  onNotification(method: string, handler: (params: unknown) => void): unknown;
}

/** Sends requests by their name in the table. Replies are parsed: one of the wrong shape rejects. */
export function requestOver(endpoint: Endpoint): Request {
  return async (name, params, signal) => {
    const message = toServer[name] as RequestMessage;
    // A token that is absent must not be passed on: the client would send it as a second parameter.
    const reply = await (signal
      ? endpoint.sendRequest(message.method, params, tokenOf(signal))
      : endpoint.sendRequest(message.method, params));
    const parsed = message.result.safeParse(reply);
    if (!parsed.success)
      throw new Error(`The server's reply to ${message.method} has the wrong shape; update both to one version.`);
    return parsed.data as never;
  };
}

/** Sends notifications by their name in the table. A closed connection drops them. */
export function notifyOver(endpoint: Endpoint, onFault: (where: string, error: unknown) => void): Notify {
  return (name, params) => {
    const message = toServer[name] as NotificationMessage;
    return endpoint.sendNotification(message.method, params).catch((error: unknown) => onFault(message.method, error));
  };
}

/** Answers the server's messages. One of the wrong shape never reaches a handler. */
export function answerOver(
  endpoint: Endpoint,
  handlers: ClientHandlers,
  onFault: (where: string, error: unknown) => void,
): void {
  for (const [name, message] of Object.entries(toClient)) {
    const handler = handlers[name as keyof ClientHandlers] as (params: unknown, signal: AbortSignal) => unknown;
    const run = async (params: unknown, signal: AbortSignal): Promise<unknown> => {
      const parsed = message.params.safeParse(params);
      if (!parsed.success) throw new Error(`${message.method}: ${parsed.error.message}`);
      return handler(parsed.data, signal);
    };
    if (message.kind === "notification") {
      const never = new AbortController().signal;
      endpoint.onNotification(message.method, (params) => {
        run(params, never).catch((error: unknown) => onFault(message.method, error));
      });
      continue;
    }
    endpoint.onRequest(message.method, async (params, token) => {
      try {
        return await run(params, signalOf(token));
      } catch (error) {
        onFault(message.method, error);
        throw error;
      }
    });
  }
}

function signalOf(token: Token): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function tokenOf(signal: AbortSignal): Token {
  return {
    get isCancellationRequested() {
      return signal.aborted;
    },
    onCancellationRequested(listener) {
      signal.addEventListener("abort", listener, { once: true });
      return { dispose: () => signal.removeEventListener("abort", listener) };
    },
  };
}
