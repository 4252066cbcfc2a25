import type { Result } from "../../protocol/message.ts";
import type { toClient } from "../../protocol/server-messages.ts";
import { ChatText } from "./chat-text.ts";
import { finishOf } from "./finish.ts";
import { type ChatMessage, type Policy, type PolicyChunk, PolicyError, type PolicyFinish } from "./policy.ts";
import { TextQueue } from "./text-queue.ts";

/** A message as the editor's models take it: they have no system role. */
export interface EditorMessage {
  role: "user" | "assistant";
  content: string;
}

export type EditorResult = Result<(typeof toClient)["editorModel"]>;

/** The way to the editor's own language models, which live in the extension's process. */
export interface EditorBridge {
  /** Streams one reply into `onText`; the result ends it. `reason` is what the editor shows when it asks for consent. Rejects when the editor is gone. */
  complete(
    request: { model: string; messages: readonly EditorMessage[]; reason: string },
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<EditorResult>;
}

const reason = "Searchlight answers your question about the documents of this project with this model.";

/** One of the editor's own language models, by `VENDOR/ID` as the editor lists it. */
export function editorPolicy(model: string, bridge: EditorBridge): Policy {
  return {
    ref: { id: `editor:${model}`, kind: "editor", label: `${model} of the editor` },
    form: "text",
    async *generate(turn, signal): AsyncGenerator<PolicyChunk, PolicyFinish> {
      const closing = new AbortController();
      const queue = new TextQueue();
      const call = AbortSignal.any([signal, closing.signal]);
      const cancelled = (): PolicyError =>
        new PolicyError("cancelled", "The request to the editor's model was cancelled.");
      if (signal.aborted) throw cancelled();
      const end = (): void => queue.end();
      signal.addEventListener("abort", end, { once: true });
      const result = bridge
        .complete({ model, messages: withoutSystem(turn.messages), reason }, (text) => queue.push(text), call)
        .catch((error: unknown): EditorResult => ({
          status: "error",
          kind: "unavailable",
          message: goneMessage(error),
        }))
        .finally(end);
      const chat = new ChatText(turn);
      let text = "";
      try {
        for await (const piece of queue) {
          const delta = chat.add("", piece);
          text += delta;
          if (delta) yield { text: delta };
        }
        if (signal.aborted) throw cancelled();
        const outcome = await result;
        if (outcome.status === "error") throw new PolicyError(outcome.kind, outcome.message);
        const rest = chat.end();
        text += rest;
        if (rest) yield { text: rest };
        return finishOf("stop", undefined, text, turn);
      } finally {
        signal.removeEventListener("abort", end);
        closing.abort();
      }
    },
  };
}

/** The system text goes in front of the first user message. */
export function withoutSystem(messages: readonly ChatMessage[]): EditorMessage[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const turns: EditorMessage[] = [];
  for (const { role, content } of messages) if (role !== "system") turns.push({ role, content });
  if (system.length === 0) return turns;
  const first = turns[0]?.role === "user" ? turns.shift()!.content : "";
  return [{ role: "user", content: [...system, first].filter(Boolean).join("\n\n") }, ...turns];
}

function goneMessage(error: unknown): string {
  const detail = error instanceof Error && error.message ? ` (${error.message.split("\n")[0]})` : "";
  return `The editor did not pass the request on to its model${detail}; reload the window or choose another model.`;
}
