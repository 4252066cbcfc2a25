import type { Params } from "../../protocol/message.ts";
import type { NotificationMessage } from "../../protocol/message.ts";
import type { fromFileView } from "../../protocol/file-view-messages.ts";
import type { fromInspector } from "../../protocol/inspector-messages.ts";
import type { fromRunPage } from "../../protocol/run-page-messages.ts";
import { type fromViewer, type toViewer, ViewerState } from "../../protocol/viewer-messages.ts";

interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

const api = acquireVsCodeApi();

type Table = Record<string, NotificationMessage>;

/** A message of a table as the page takes it in. */
export type MessageOf<T extends Table> = { [K in keyof T]: { method: K; params: Params<T[K]> } }[keyof T];

export type HostMessage = MessageOf<typeof toViewer>;

type Outgoing = typeof fromViewer & typeof fromFileView & typeof fromRunPage & typeof fromInspector;

/** Sends one of the page's messages to the extension host, which knows those of its own page and drops others. */
export function send<K extends keyof Outgoing>(method: K, params: Params<Outgoing[K]>): void {
  api.postMessage({ method, params });
}

/** Calls back with each message of the host, parsed by its table; what is none is reported back and dropped. */
export function listen<T extends Table>(table: T, onMessage: (message: MessageOf<T>) => void): void {
  window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const { method, params } = (typeof data === "object" && data !== null ? data : {}) as {
      method?: unknown;
      params?: unknown;
    };
    if (typeof method !== "string" || !Object.hasOwn(table, method)) return;
    const parsed = table[method]!.params.safeParse(params);
    if (parsed.success) onMessage({ method, params: parsed.data } as MessageOf<T>);
    else send("fault", { message: `${method} has the wrong shape: ${parsed.error.message}` });
  });
}

/** What the person had set before the view was hidden or reloaded. */
export function savedState(): ViewerState {
  const parsed = ViewerState.safeParse(api.getState());
  return parsed.success ? parsed.data : { masked: "show", folded: [] };
}

export function saveState(state: ViewerState): void {
  keep(state);
}

/** A part of the page's state beside the viewer's own, as it was kept; parsed by whoever knows it. */
export function savedPart(name: string): unknown {
  const state = api.getState();
  return typeof state === "object" && state !== null ? (state as Record<string, unknown>)[name] : undefined;
}

export function savePart(name: string, part: unknown): void {
  keep({ [name]: part });
}

function keep(part: object): void {
  const state = api.getState();
  api.setState({ ...(typeof state === "object" ? state : {}), ...part });
}
