import { ulid } from "ulid";
import { CancellationTokenSource, type Connection } from "vscode-languageserver";
import { type FoundModel, toClient } from "../protocol/server-messages.ts";
import type { EditorBridge } from "./models/editor.ts";
import { ask } from "./wire.ts";

/** The editor's own language models, asked back through the client: text comes as notifications, the result ends it. */
export interface EditorModels extends EditorBridge {
  list(): Promise<FoundModel[]>;
  /** A piece of text of a running call; pieces of a call that ended are dropped. */
  chunk(call: string, text: string): void;
}

export function editorModels(connection: Connection): EditorModels {
  const listeners = new Map<string, (text: string) => void>();
  return {
    async list() {
      try {
        return (await ask(connection, toClient.editorModels, {})).models;
      } catch {
        return []; // A client without language models does not know the message.
      }
    },
    chunk(call, text) {
      listeners.get(call)?.(text);
    },
    async complete({ model, messages, reason }, onText, signal) {
      const call = ulid();
      const source = new CancellationTokenSource();
      const cancel = (): void => source.cancel();
      listeners.set(call, onText);
      signal.addEventListener("abort", cancel, { once: true });
      try {
        return await ask(
          connection,
          toClient.editorModel,
          { call, model, messages: [...messages], reason },
          source.token,
        );
      } finally {
        listeners.delete(call);
        signal.removeEventListener("abort", cancel);
        source.dispose();
      }
    },
  };
}
