import type { NotificationHandlers, NotificationMessage, Params } from "../../protocol/message.ts";
import { fromViewer, type toViewer } from "../../protocol/viewer-messages.ts";

/** What travels between host and view: the message's method and what it carries. */
export interface Envelope {
  method: string;
  params: unknown;
}

export type ViewerHandlers = NotificationHandlers<typeof fromViewer>;

/** Wraps a message for the view. */
export function envelope<K extends keyof typeof toViewer>(method: K, params: Params<(typeof toViewer)[K]>): Envelope {
  return { method, params };
}

/** Hands a message of the Trajectory view to its handler. */
export function dispatch(raw: unknown, handlers: ViewerHandlers, onFault: (fault: string) => void): Promise<void> {
  return dispatchFrom(fromViewer, raw, handlers, onFault);
}

/** Hands a message of a page to its handler. What is not one of the page's messages is reported and dropped. */
export async function dispatchFrom<T extends Record<string, NotificationMessage>>(
  table: T,
  raw: unknown,
  handlers: NotificationHandlers<T>,
  onFault: (fault: string) => void,
): Promise<void> {
  const { method, params } = (typeof raw === "object" && raw !== null ? raw : {}) as Partial<Envelope>;
  if (typeof method !== "string" || !Object.hasOwn(table, method)) {
    return onFault(`the view sent an unknown message: ${String(method)}`);
  }
  const parsed = table[method]!.params.safeParse(params);
  if (!parsed.success) return onFault(`the view sent ${method} in the wrong shape: ${parsed.error.message}`);
  await (handlers[method as keyof NotificationHandlers<T>] as (params: unknown) => void | Promise<void>)(parsed.data);
}
