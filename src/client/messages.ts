import type { NotificationMessage, Params, RequestMessage, Result } from "../../protocol/message.ts";
import type { toClient, toServer } from "../../protocol/server-messages.ts";

type ToServer = typeof toServer;
type ToClient = typeof toClient;

type NamesOf<Table, Kind> = { [K in keyof Table]: Table[K] extends Kind ? K : never }[keyof Table];

/** Sends one of the server's requests by name. The signal cancels it on the server as well. */
export type Request = <K extends NamesOf<ToServer, RequestMessage>>(
  name: K,
  params: Params<ToServer[K]>,
  signal?: AbortSignal,
) => Promise<ToServer[K] extends RequestMessage ? Result<ToServer[K]> : never>;

/** Resolves when the notification is on its way, so that what is sent after it arrives after it; never rejects. */
export type Notify = <K extends NamesOf<ToServer, NotificationMessage>>(
  name: K,
  params: Params<ToServer[K]>,
) => Promise<void>;

/** One handler for each message of the server; a missing one is a compile error. */
export type ClientHandlers = {
  [K in keyof ToClient]: ToClient[K] extends RequestMessage
    ? (params: Params<ToClient[K]>, signal: AbortSignal) => Promise<Result<ToClient[K]>> | Result<ToClient[K]>
    : (params: Params<ToClient[K]>, signal: AbortSignal) => void | Promise<void>;
};
