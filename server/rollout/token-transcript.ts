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
    for (const [at, id] of ids.entries()) {
      this.#ids.push(id);
      this.#logprobs.push(logprobs?.[at] ?? null);
    }
    return this.stretchText().replace(/\uFFFD{1,3}$/u, "");
  }

  /** Text of the whole stretch, whatever its last bytes are. */
  stretchText(): string {
    return this.#tokenizer.decode(this.#ids.slice(this.#stretch));
  }

  beginStretch(): void {
    this.#stretch = this.#ids.length;
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
      this.#tokenizer.decode(this.#ids.slice(this.#stretch, this.#stretch + tokens)).replace(/\uFFFD{1,3}$/u, "")
        .length;
    let from = low;
    let to = high;
    // Characters of the first `from` and `to` tokens: tokens are of like length, so the place between them is guessed by proportion, and
    // every second time halved, which bounds the guesses.
    let [before, after] = [low === 0 ? 0 : lengthOf(low), lengthOf(high)];
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

/** The retrieval mask over token ids: 1 where the policy wrote the token, 0 in prompt and environment. Segments must hold token ranges. */
export function tokenMask(segments: readonly Segment[], length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (const { origin, tokenStart, tokenEnd } of segments) {
    if (origin === "policy" && tokenStart !== undefined && tokenEnd !== undefined) mask.fill(1, tokenStart, tokenEnd);
  }
  return mask;
}
