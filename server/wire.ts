import type { Connection } from "vscode-languageserver";
import { CancellationToken, ErrorCodes, ResponseError } from "vscode-languageserver";
import type {
  NotificationHandlers,
  NotificationMessage,
  Params,
  RequestHandlers,
  RequestMessage,
  Result,
} from "../protocol/message.ts";

type Table = Record<string, RequestMessage | NotificationMessage>;

export interface CallContext {
  signal: AbortSignal;
}

/**
 * Registers a handler for each message of a table. What arrives is parsed first: a message of the wrong shape is
 * answered with "invalid params" and never reaches a handler.
 */
export function listenTo<T extends Table>(
  connection: Connection,
  table: T,
  handlers: RequestHandlers<T, CallContext> & NotificationHandlers<T>,
  onFault: (method: string, error: unknown) => void,
): void {
  for (const [name, message] of Object.entries(table)) {
    const handler = (handlers as Record<string, (params: unknown, context: CallContext) => unknown>)[name]!;
    if (message.kind === "notification") {
      connection.onNotification(message.method, async (params: unknown) => {
        const parsed = message.params.safeParse(params);
        if (!parsed.success) return onFault(message.method, parsed.error);
        try {
          await handler(parsed.data, { signal: new AbortController().signal });
        } catch (error) {
          onFault(message.method, error);
        }
      });
      continue;
    }
    connection.onRequest(message.method, async (params: unknown, token: CancellationToken) => {
      const parsed = message.params.safeParse(params);
      if (!parsed.success)
        throw new ResponseError(ErrorCodes.InvalidParams, `${message.method}: ${parsed.error.message}`);
      try {
        return await handler(parsed.data, { signal: signalOf(token) });
      } catch (error) {
        onFault(message.method, error);
        throw new ResponseError(ErrorCodes.InternalError, error instanceof Error ? error.message : String(error));
      }
    });
  }
}

/** Sends a request of a table and parses the reply. */
export async function ask<M extends RequestMessage>(
  connection: Connection,
  message: M,
  params: Params<M>,
  token = CancellationToken.None,
): Promise<Result<M>> {
  return message.result.parse(await connection.sendRequest(message.method, params, token)) as Result<M>;
}

export function tell<M extends NotificationMessage>(connection: Connection, message: M, params: Params<M>): void {
  void connection.sendNotification(message.method, params);
}

function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
