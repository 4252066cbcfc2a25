import type { Segment, Tokens } from "../../protocol/trajectory.ts";
import type { TextTokenizer } from "../models/tokenizer.ts";

/**
 * The token ids of a rollout, growing at the end only: prompt and inserted text are encoded once, sampled ids are kept as
 * they came and never encoded again. Log-probabilities stand beside the sampled ones.
 */
export class TokenTranscript {
  readonly #tokenizer: TextTokenizer;
  readonly #ids: number[] = [];
  readonly #logprobs: (number | null)[] = [];
  /** Where the stretch in progress begins. */
  #stretch = 0;
  /** Its text up to some number of ids: the whole stretch is read again only where it grew. */
  #read = { ids: 0, text: "" };

  constructor(tokenizer: TextTokenizer) {
    this.#tokenizer = tokenizer;
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  /** Appends a prompt; answers its text as the ids say it. */
  prompt(text: string): string {
    return this.#push(this.#tokenizer.encodePrompt(text));
  }

  /**
   * Appends text of the environment, control tokens in it switched off. Answers the text as the ids say it, which a
   * tokenizer that normalises may have changed: the transcript holds what the policy reads.
   */
  environment(text: string): string {
    return this.#push(this.#tokenizer.encode(text));
  }

  /** Appends sampled ids; answers the stretch's text so far, without a character whose bytes are incomplete. */
  sampled(ids: readonly number[], logprobs: readonly number[] | undefined): string {
    for (let at = 0; at < ids.length; at++) {
      this.#ids.push(ids[at]!);
      this.#logprobs.push(logprobs?.[at] ?? null);
    }
    return withoutBrokenEnd(this.stretchText());
  }

  /** Text of the whole stretch, whatever its last bytes are. */
  stretchText(): string {
    if (this.#read.ids !== this.#ids.length)
      this.#read = { ids: this.#ids.length, text: this.#tokenizer.decode(this.#ids.slice(this.#stretch)) };
    return this.#read.text;
  }

  beginStretch(): void {
    this.#stretch = this.#ids.length;
    this.#read = { ids: this.#stretch, text: "" };
  }

  /**
   * Token ranges for the pieces of the stretch in progress, which cover its text from the start. A token that reaches over a border
   * belongs to the piece it begins in; the last piece ends with the stretch.
   */
  place(pieces: readonly { start: number; end: number }[]): { tokenStart: number; tokenEnd: number }[] {
    const length = this.#ids.length - this.#stretch;
    let from = 0;
    return pieces.map((piece, index) => {
      const until = index === pieces.length - 1 ? length : this.#tokensFor(piece.end, from, length);
      const range = { tokenStart: this.#stretch + from, tokenEnd: this.#stretch + until };
      from = until;
      return range;
    });
  }

  /** The record's tokens. */
  record(): Tokens {
    return { tokenizer: this.#tokenizer.id, ids: [...this.#ids], logprobs: [...this.#logprobs] };
  }

  /** The least number of the stretch's tokens whose text reaches a character position. */
  #tokensFor(characters: number, low: number, high: number): number {
    const lengthOf = (tokens: number): number =>
      withoutBrokenEnd(this.#tokenizer.decode(this.#ids.slice(this.#stretch, this.#stretch + tokens))).length;
    let from = low;
    let to = high;
    // Characters of the first `from` and `to` tokens: tokens are of like length, so the place between them is guessed by proportion, and
    // every second time halved, which bounds the guesses.
    let [before, after] = [low === 0 ? 0 : lengthOf(low), withoutBrokenEnd(this.stretchText()).length];
    for (let halve = false; from < to; halve = !halve) {
      const share = halve || after <= before ? 0.5 : (characters - before) / (after - before);
      const middle = Math.min(to - 1, Math.max(from, from + Math.round(share * (to - from)) - 1));
      const length = lengthOf(middle);
      if (length >= characters) {
        to = middle;
        after = length;
      } else {
        from = middle + 1;
        before = length;
      }
    }
    return from;
  }

  #push(ids: readonly number[]): string {
    for (const id of ids) {
      this.#ids.push(id);
      this.#logprobs.push(null);
    }
    return this.#tokenizer.decode(ids);
  }
}

/** Without the bytes at the end that are no character so far: of one that has four, three at most are there. */
function withoutBrokenEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text.length - end < 3 && text[end - 1] === "\uFFFD") end--;
  return end === text.length ? text : text.slice(0, end);
}

/** The retrieval mask over token ids: 1 where the policy wrote the token, 0 in prompt and environment. Segments must hold token ranges. */
export function tokenMask(segments: readonly Segment[], length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (const { origin, tokenStart, tokenEnd } of segments) {
    if (origin === "policy" && tokenStart !== undefined && tokenEnd !== undefined) mask.fill(1, tokenStart, tokenEnd);
  }
  return mask;
}
