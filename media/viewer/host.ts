import type { Params } from "../../protocol/message.ts";
import { type fromViewer, toViewer, ViewerState } from "../../protocol/viewer-messages.ts";

interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

const api = acquireVsCodeApi();

export type HostMessage = {
  [K in keyof typeof toViewer]: { method: K; params: Params<(typeof toViewer)[K]> };
}[keyof typeof toViewer];

/** Sends one of the view's messages to the extension host. */
export function send<K extends keyof typeof fromViewer>(method: K, params: Params<(typeof fromViewer)[K]>): void {
  api.postMessage({ method, params });
}

/** Calls back with each message of the host, parsed; what is none is reported back and dropped. */
export function listen(onMessage: (message: HostMessage) => void): void {
  window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const { method, params } = (typeof data === "object" && data !== null ? data : {}) as {
      method?: unknown;
      params?: unknown;
    };
    if (typeof method !== "string" || !Object.hasOwn(toViewer, method)) return;
    const name = method as keyof typeof toViewer;
    const parsed = toViewer[name].params.safeParse(params);
    if (parsed.success) onMessage({ method: name, params: parsed.data } as HostMessage);
    else send("fault", { message: `${name} has the wrong shape: ${parsed.error.message}` });
  });
}

/** What the person had set before the view was hidden or reloaded. */
export function savedState(): ViewerState {
  const parsed = ViewerState.safeParse(api.getState());
  return parsed.success ? parsed.data : { masked: "show", folded: [] };
}

export function saveState(state: ViewerState): void {
  api.setState(state);
}
