import type { Segment, Tokens } from "../../protocol/trajectory.ts";
import type { ChatPrompt } from "../models/policy.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";
import type { Profile } from "./profile.ts";
import { strip } from "./python-text.ts";
import { type Mode, stretchPieces } from "./stretch-segments.ts";
import { TokenTranscript } from "./token-transcript.ts";

/** What a transcript tells as it grows. */
export interface TranscriptWatch {
  /** Text was added; `segments` replace those from index `from` on. */
  grown(delta: string, from: number, segments: Segment[]): void;
  /** Text that was there is another. */
  rewritten(): void;
}

/**
 * The text of a rollout with its segments, and its ids where the policy works with them. Segments are made where text is added, so each
 * knows who wrote it: the policy by stretches, the environment piece by piece.
 */
export class RolloutTranscript {
  readonly #tags: Profile["tags"];
  readonly #watch: TranscriptWatch | undefined;
  readonly #tokens: TokenTranscript | undefined;
  #text: string;
  #segments: Segment[];
  #turn = 0;
  #mode: Mode;
  /** Where the stretch in progress starts, in the text and among the segments. */
  #stretch = { start: 0, segment: 0 };

  /** Nothing is told, and no copy is made for it, where nobody watches. */
  constructor(
    tags: Profile["tags"],
    prompt: ChatPrompt,
    tokenizer: TextTokenizer | undefined,
    watch?: TranscriptWatch,
  ) {
    this.#tags = tags;
    this.#watch = watch;
    this.#tokens = tokenizer && new TokenTranscript(tokenizer);
    this.#text = this.#tokens?.prompt(prompt.text) ?? prompt.text;
    this.#segments = [
      { kind: "prompt", origin: "prompt", start: 0, end: this.#text.length, turn: 0, ...this.#appended(0) },
    ];
    this.#mode = prompt.prefix && prompt.prefix === tags.thinkOpen ? "think" : "other";
    this.beginStretch(0);
  }

  get text(): string {
    return this.#text;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Ids so far; undefined where the policy works with text. */
  get ids(): readonly number[] | undefined {
    return this.#tokens?.ids;
  }

  /** Text of the stretch in progress. */
  get stretch(): string {
    return this.#text.slice(this.#stretch.start);
  }

  /** The record's tokens. */
  tokens(): Tokens | undefined {
    return this.#tokens?.record();
  }

  /** What is written from here on is the stretch of this turn. */
  beginStretch(turn: number): void {
    this.#turn = turn;
    this.#tokens?.beginStretch();
    this.#stretch = { start: this.#text.length, segment: this.#segments.length };
  }

  /** Adds text of the policy. */
  write(delta: string): void {
    this.#text += delta;
    this.#cutStretch();
    this.#tellStretch(delta);
  }

  /** Adds ids that the policy sampled; the text follows from them. */
  writeIds(ids: readonly number[], logprobs: readonly number[] | undefined): void {
    this.#rewriteStretch(this.#tokens!.sampled(ids, logprobs));
  }

  /** Bytes of an incomplete character are text at the end of a stretch, whatever they are. */
  finishStretch(): void {
    if (this.#tokens) this.#rewriteStretch(this.#tokens.stretchText());
  }

  /** Writes the tag that a stop string took away. Sampled ids hold it; where they do not, it is the environment's. */
  close(tag: string): void {
    if (!this.#tokens) return this.write(tag);
    if (!this.stretch.includes(tag)) this.#append(tag, "other");
  }

  /** Takes the white space around a stretch away. Sampled ids are kept as they came, white space included. */
  stripStretch(): void {
    const stripped = strip(this.stretch);
    if (this.#tokens || stripped === this.stretch) return;
    this.#text = this.#text.slice(0, this.#stretch.start) + stripped;
    this.#cutStretch();
    this.#watch?.rewritten();
  }

  /** Adds text of the environment behind a stretch. */
  environment(text: string, kind: "documents" | "other"): void {
    this.#mode = stretchPieces(this.stretch, this.#tags, this.#mode).mode;
    this.#append(text, kind);
  }

  /** Adds text of the environment as a segment of its own. */
  #append(text: string, kind: "documents" | "other"): void {
    const start = this.#text.length;
    const first = this.#tokens?.ids.length ?? 0;
    const delta = this.#tokens?.environment(text) ?? text;
    this.#text += delta;
    const from = this.#segments.length;
    if (delta !== "")
      this.#segments.push({
        kind,
        origin: "environment",
        start,
        end: this.#text.length,
        turn: this.#turn,
        ...this.#appended(first),
      });
    this.#watch?.grown(delta, from, this.#segments.slice(from));
  }

  /** Token range from an id on to the end; empty without ids. */
  #appended(first: number): { tokenStart?: number; tokenEnd?: number } {
    return this.#tokens ? { tokenStart: first, tokenEnd: this.#tokens.ids.length } : {};
  }

  /** The stretch's text as its ids say it; text that grew is an addition, anything else is told whole. */
  #rewriteStretch(stretch: string): void {
    const before = this.stretch;
    if (stretch === before) return;
    this.#text = this.#text.slice(0, this.#stretch.start) + stretch;
    this.#cutStretch();
    if (stretch.startsWith(before)) this.#tellStretch(stretch.slice(before.length));
    else this.#watch?.rewritten();
  }

  #cutStretch(): void {
    const { start, segment } = this.#stretch;
    const { pieces } = stretchPieces(this.stretch, this.#tags, this.#mode);
    const places = this.#tokens?.place(pieces);
    this.#segments.length = segment;
    for (const [at, { kind, ...piece }] of pieces.entries()) {
      this.#segments.push({
        kind,
        origin: "policy",
        start: start + piece.start,
        end: start + piece.end,
        turn: this.#turn,
        ...places?.[at],
      });
    }
  }

  #tellStretch(delta: string): void {
    const from = this.#stretch.segment;
    this.#watch?.grown(delta, from, this.#segments.slice(from));
  }
}
