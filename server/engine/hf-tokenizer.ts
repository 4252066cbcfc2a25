/** A token that is cut out of the text before pairs are merged. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Left out where special tokens are left out of a decoded text. */
  readonly special: boolean;
}

export interface ByteLevelTokenizer {
  /** Tokens in the order of their ids, added ones included. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
  readonly added: readonly AddedToken[];
  readonly cut: PreTokenizer;
}

/** How a text is cut before pairs are merged: GPT-2's words, the same with every digit on its own, or Llama 3's words. */
export type PreTokenizer = "words" | "digits" | "llama3";

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Llama 3's words, as its published tokenizer has them. */
const llama3Words =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const preTokenizers: Record<PreTokenizer, object> = {
  words: byteLevel,
  digits: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
  llama3: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: llama3Words }, behavior: "Isolated", invert: false },
      { ...byteLevel, use_regex: false },
    ],
  },
};

/** `tokenizer.json` of a byte-level tokenizer: the form of the `tokenizers` library, version 1.0. */
export function tokenizerJson({ tokens, merges, added, cut }: ByteLevelTokenizer): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special }) => ({ id, ...addedFields(content, special) })),
    normalizer: null,
    pre_tokenizer: preTokenizers[cut],
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      // Llama 3 takes a word that is a token as it is.
      ignore_merges: cut === "llama3",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

export interface TokenizerRoles {
  readonly bos?: string;
  readonly eos: string;
  readonly pad: string;
  readonly unk?: string;
  readonly chatTemplate?: string;
  readonly contextLength: number;
}

/** `tokenizer_config.json` of the transformers library, for a tokenizer that is all in `tokenizer.json`. */
export function tokenizerConfig(added: readonly AddedToken[], roles: TokenizerRoles): object {
  return {
    add_prefix_space: false,
    added_tokens_decoder: Object.fromEntries(
      added.map(({ id, content, special }) => [String(id), addedFields(content, special)]),
    ),
    ...(roles.bos === undefined ? {} : { bos_token: roles.bos }),
    eos_token: roles.eos,
    pad_token: roles.pad,
    ...(roles.unk === undefined ? {} : { unk_token: roles.unk }),
    ...(roles.chatTemplate === undefined ? {} : { chat_template: roles.chatTemplate }),
    clean_up_tokenization_spaces: false,
    model_max_length: roles.contextLength,
    tokenizer_class: "PreTrainedTokenizerFast",
  };
}

function addedFields(content: string, special: boolean): object {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}
