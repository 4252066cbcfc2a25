/** The parts of the tokenizer library that are touched here; the library publishes no types for them. */
interface ByteLevelStep {
  add_prefix_space: boolean;
  use_regex: boolean;
  pattern: RegExp;
  byte_encoder: Readonly<Record<number, string>>;
  pre_tokenize_text(text: string): string[];
}
interface SequenceStep {
  tokenizers: (Partial<ByteLevelStep & SequenceStep> | null)[];
}
interface Model {
  fuse_unk?: boolean;
  cache?: { get?: unknown; put?: unknown };
  tokens_to_ids: ReadonlyMap<string, number>;
  unk_token_id?: number;
  encode(words: readonly string[]): unknown[];
}
interface Library {
  pre_tokenizer: Partial<ByteLevelStep & SequenceStep> | null;
  model: Model;
  added_tokens_map: ReadonlyMap<string, { id: number }>;
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  /** A text as tokens: what the model made of its words, and added tokens as they stand. */
  encode_text(text: string): unknown[];
}

/** Words that are remembered at most; all are forgotten when there are too many, which costs less than to know the oldest. */
const most = 50_000;

/** Characters of a remembered word at most: longer ones hardly come twice. */
const longest = 64;

/**
 * Encodes texts by the library, nothing added at the ends, and remembers what it makes of words. Of a byte-level vocabulary (GPT-2, Llama 3,
 * Qwen, SmolLM) the ids of each word are remembered, so that a text costs one look-up for a word; of others the merges of each word. The ids
 * are those of the library. It takes the tokenizer over: nothing else may encode with it.
 */
export function wordEncoder(tokenizer: object): (text: string) => number[] {
  const library = tokenizer as Library;
  const { model } = library;
  const merges = typeof model.cache?.get === "function" && typeof model.cache.put === "function";
  const last = steps(library.pre_tokenizer).at(-1);
  // Unknown tokens that are fused reach over words.
  if (merges && !model.fuse_unk && last && isByteLevel(last)) return byteLevelEncoder(library, last);
  if (merges) model.cache = new Merges();
  return (text) => library.encode(text, { add_special_tokens: false }).ids;
}

function steps(step: Library["pre_tokenizer"]): Partial<ByteLevelStep>[] {
  return step?.tokenizers ? step.tokenizers.flatMap(steps) : step ? [step] : [];
}

function isByteLevel(step: Partial<ByteLevelStep>): step is ByteLevelStep {
  return step.byte_encoder !== undefined && step.pattern instanceof RegExp;
}

/** The last step hands words on as they are, and the model answers ids in place of tokens. */
function byteLevelEncoder(library: Library, step: ByteLevelStep): (text: string) => number[] {
  const { model, added_tokens_map: added } = library;
  const tokensOf = model.encode.bind(model) as (words: readonly string[]) => string[];
  // As the library looks a token up: an added one first.
  const idOf = (token: string): number => added.get(token)?.id ?? model.tokens_to_ids.get(token) ?? model.unk_token_id!;
  const written = (word: string): string => Array.from(Buffer.from(word), (byte) => step.byte_encoder[byte]!).join("");
  const words = new WordIds((word) => tokensOf([written(word)]).map(idOf));
  step.pre_tokenize_text = (text) => {
    const prefixed = step.add_prefix_space && !text.startsWith(" ") ? ` ${text}` : text;
    return step.use_regex ? (prefixed.match(step.pattern) ?? []) : [prefixed];
  };
  model.encode = (texts) => words.of(texts);
  return (text) => library.encode_text(text).map((part) => (typeof part === "number" ? part : idOf(part as string)));
}

/** Ids of words, side by side in one array: a map of words to places in it is all that a collection of garbage has to look through. */
class WordIds {
  readonly #encode: (word: string) => readonly number[];
  /** Where a word's ids begin, times `span`, plus how many they are. */
  readonly #places = new Map<string, number>();
  #ids = new Int32Array(4 * most);
  #used = 0;

  constructor(encode: (word: string) => readonly number[]) {
    this.#encode = encode;
  }

  /** The ids of words in their order. */
  of(words: readonly string[]): number[] {
    const found: number[] = [];
    for (const word of words) {
      const place = this.#places.get(word);
      if (place === undefined) {
        for (const id of this.#learn(word)) found.push(id);
        continue;
      }
      const start = Math.floor(place / span);
      const end = start + (place % span);
      for (let at = start; at < end; at++) found.push(this.#ids[at]!);
    }
    return found;
  }

  #learn(word: string): readonly number[] {
    const ids = this.#encode(word);
    if (word.length > longest) return ids;
    if (this.#places.size >= most || this.#used + ids.length > this.#ids.length) {
      this.#places.clear();
      this.#used = 0;
    }
    this.#places.set(word, this.#used * span + ids.length);
    this.#ids.set(ids, this.#used);
    this.#used += ids.length;
    return ids;
  }
}

/** Above the ids of any remembered word: none has more than the bytes of its characters. */
const span = 256;

/** What merging made of words, in place of the library's own memory, which forgets the oldest of 10,000 with every one that is asked for. */
class Merges {
  readonly #values = new Map<string, unknown>();

  get(word: string): unknown {
    return this.#values.get(word);
  }

  put(word: string, value: unknown): void {
    if (word.length > longest) return;
    if (this.#values.size >= most) this.#values.clear();
    this.#values.set(word, value);
  }

  clear(): void {
    this.#values.clear();
  }
}
