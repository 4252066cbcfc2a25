import type { PolicyTurn } from "./policy.ts";

/**
 * Joins a chat model's reply to the transcript. Reasoning that a server sends apart becomes think text between the turn's think
 * tags, and a think tag that the transcript already ended with is not written twice.
 */
export class ChatText {
  readonly #open: string;
  readonly #close: string;
  /** What policy and prompt wrote so far, as far as think tags go. */
  #before: string;
  #state: "start" | "reasoning" | "content";
  /** Beginning of a reply that may be the echo of the think tag. */
  #held = "";

  constructor({ tags, transcript }: PolicyTurn) {
    this.#open = tags.thinkOpen;
    this.#close = tags.thinkClose;
    const ended = this.#open !== "" && transcript.text.trimEnd().endsWith(this.#open);
    this.#state = ended ? "start" : "content";
    // Tags named in the prompt's explanation or in documents open nothing; only the prompt's end and policy text do.
    const written = transcript.segments.filter(({ origin }) => origin === "policy");
    const prompt = transcript.segments.find(({ origin }) => origin === "prompt");
    const promptEnd = prompt ? transcript.text.slice(prompt.start, prompt.end).trimEnd() : "";
    const begins = this.#open !== "" && promptEnd.endsWith(this.#open) ? this.#open : "";
    this.#before = begins + written.map(({ start, end }) => transcript.text.slice(start, end)).join("");
  }

  /** The transcript's text for one piece of the reply; empty while an echo is still possible. */
  add(reasoning: string, content: string): string {
    let out = "";
    if (reasoning) {
      if (this.#state !== "reasoning") {
        out += this.#release();
        if (!this.#thinking(out)) out += this.#open;
      }
      this.#state = "reasoning";
      out += reasoning;
    }
    if (content) {
      if (this.#state === "reasoning") out += this.#close + content;
      else if (this.#state === "start") out += this.#withoutEcho(content);
      else out += content;
      if (this.#state === "reasoning") this.#state = "content";
    }
    this.#before += out;
    return out;
  }

  /** What was held back, at the end of the reply. */
  end(): string {
    return this.#release();
  }

  #withoutEcho(content: string): string {
    this.#held += content;
    const begin = this.#held.trimStart();
    if (begin.startsWith(this.#open)) {
      this.#held = "";
      this.#state = "content";
      return begin.slice(this.#open.length);
    }
    return this.#open.startsWith(begin) ? "" : this.#release();
  }

  #release(): string {
    const held = this.#held;
    this.#held = "";
    if (this.#state === "start") this.#state = "content";
    return held;
  }

  #thinking(more: string): boolean {
    const text = this.#before + more;
    return this.#open !== "" && text.lastIndexOf(this.#open) > text.lastIndexOf(this.#close);
  }
}
