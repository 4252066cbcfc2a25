import type { NotificationHandlers, Params } from "../../protocol/message.ts";
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

/** Hands a message of the view to its handler. What is not one of the view's messages is reported and dropped. */
export async function dispatch(
  raw: unknown,
  handlers: ViewerHandlers,
  onFault: (fault: string) => void,
): Promise<void> {
  const { method, params } = (typeof raw === "object" && raw !== null ? raw : {}) as Partial<Envelope>;
  if (typeof method !== "string" || !Object.hasOwn(fromViewer, method)) {
    return onFault(`the view sent an unknown message: ${String(method)}`);
  }
  const name = method as keyof typeof fromViewer;
  const parsed = fromViewer[name].params.safeParse(params);
  if (!parsed.success) return onFault(`the view sent ${name} in the wrong shape: ${parsed.error.message}`);
  await (handlers[name] as (params: unknown) => void | Promise<void>)(parsed.data);
}
