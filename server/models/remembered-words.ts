/** The steps of the tokenizer library that are touched here; the library publishes no types for them. */
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
interface Library {
  pre_tokenizer: Partial<ByteLevelStep & SequenceStep> | null;
  model: { cache?: { get?: unknown; put?: unknown } } | null;
}

/** Words that are remembered at most; the library forgets the oldest of 10,000 with every one that is asked for. */
const most = 50_000;

/** Characters of a remembered word at most: longer ones hardly come twice. */
const longest = 64;

/** Values by word; all are forgotten when there are too many, which costs less than to know the oldest. */
class Words<T> {
  readonly #values = new Map<string, T>();

  get(word: string): T | undefined {
    return this.#values.get(word);
  }

  put(word: string, value: T): void {
    if (word.length > longest) return;
    if (this.#values.size >= most) this.#values.clear();
    this.#values.set(word, value);
  }

  clear(): void {
    this.#values.clear();
  }
}

/**
 * Has the library remember what it does to words: how a byte-level vocabulary writes their bytes, and how their pairs are merged. Ids stay
 * the same; a step of another kind stays as it is.
 */
export function rememberWords(library: Library): void {
  for (const step of steps(library.pre_tokenizer)) if (isByteLevel(step)) rememberBytes(step);
  const { model } = library;
  if (typeof model?.cache?.get === "function" && typeof model.cache.put === "function") model.cache = new Words();
}

function steps(step: Library["pre_tokenizer"]): Partial<ByteLevelStep>[] {
  return step?.tokenizers ? step.tokenizers.flatMap(steps) : step ? [step] : [];
}

function isByteLevel(step: Partial<ByteLevelStep>): step is ByteLevelStep {
  return step.byte_encoder !== undefined && step.pattern instanceof RegExp;
}

function rememberBytes(step: ByteLevelStep): void {
  const written = new Words<string>();
  const write = (word: string): string => {
    const known = written.get(word);
    if (known !== undefined) return known;
    const bytes = Array.from(Buffer.from(word), (byte) => step.byte_encoder[byte]!).join("");
    written.put(word, bytes);
    return bytes;
  };
  step.pre_tokenize_text = (text) => {
    const prefixed = step.add_prefix_space && !text.startsWith(" ") ? ` ${text}` : text;
    return (step.use_regex ? (prefixed.match(step.pattern) ?? []) : [prefixed]).map(write);
  };
}
