import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { byteLevelDecoder } from "./byte-level-decoder.ts";
import { cachedEncoding } from "./encoding-cache.ts";
import { plainPieces } from "./plain-pieces.ts";
import { wordEncoder } from "./word-encoder.ts";

/** Text to token ids and back, as a policy that works with ids needs it. */
export interface TextTokenizer {
  /** Names the vocabulary; ids of different tokenizers never meet. */
  readonly id: string;
  /** Ids of plain text: a control token that is spelt out in it stays ordinary text. Nothing is added at the ends. */
  encode(text: string): readonly number[];
  /** Ids of a prompt: control tokens count as such. Nothing is added at the ends. */
  encodePrompt(text: string): readonly number[];
  /** Text of ids, control tokens included. Bytes that are no complete character give U+FFFD. */
  decode(ids: readonly number[]): string;
}

/** A parsed `tokenizer.json`; only what is touched here is named. */
const TokenizerJson = z.looseObject({
  pre_tokenizer: z.unknown().optional(),
  added_tokens: z.array(z.looseObject({ content: z.string() })).optional(),
  decoder: z.unknown().optional(),
  model: z.unknown().optional(),
});

/** A vocabulary whose ids are bytes: what decides how its texts are read. */
const ByteLevelJson = z.looseObject({
  decoder: z.looseObject({ type: z.literal("ByteLevel") }),
  model: z.looseObject({
    type: z.literal("BPE"),
    unk_token: z.string().nullish(),
    end_of_word_suffix: z.union([z.null(), z.literal("")]).optional(),
  }),
});

/** Characters of texts whose ids are remembered, of prompts and of plain texts each. */
const remembered = 4_000_000;

/** Makes a tokenizer of a `tokenizer.json` and a `tokenizer_config.json`. Throws when the first is none. */
export function makeTokenizer(id: string, json: unknown, config: object = {}): TextTokenizer {
  const parsed = TokenizerJson.parse(json);
  const tokenizer = new Tokenizer(
    { ...parsed, pre_tokenizer: unicodeDigits(parsed.pre_tokenizer) },
    { ...config, clean_up_tokenization_spaces: false },
  );
  const encode = wordEncoder(tokenizer);
  const decode = decoderOf(tokenizer, parsed);
  const control = (parsed.added_tokens ?? []).map(({ content }) => content).filter((content) => content.length > 1);
  const encodePrompt = (text: string): number[] => (text === "" ? [] : encode(text));
  // Whoever encodes a text for a transcript reads it back: the text as its ids say it is kept as long as they are.
  const texts = new WeakMap<readonly number[], string>();
  const readBack = (ids: readonly number[]): readonly number[] => {
    texts.set(ids, ids.length === 0 ? "" : decode(ids));
    return ids;
  };
  return {
    id,
    encodePrompt: cachedEncoding((text) => readBack(encodePrompt(text)), remembered),
    encode: cachedEncoding((text) => readBack(plainPieces(text, control).flatMap(encodePrompt)), remembered),
    decode: (ids) => texts.get(ids) ?? (ids.length === 0 ? "" : decode(ids)),
  };
}

/** The library decodes every vocabulary; byte-level ones, which most policies have, are decoded many times faster by a table. */
function decoderOf(tokenizer: Tokenizer, json: z.infer<typeof TokenizerJson>): (ids: readonly number[]) => string {
  const byteLevel = ByteLevelJson.safeParse(json);
  if (!byteLevel.success)
    return (ids) => tokenizer.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  const unknown = byteLevel.data.model.unk_token ?? undefined;
  return byteLevelDecoder({
    size: tokenizer.model?.vocab.length ?? 0,
    token: (id) => tokenizer.id_to_token(id) ?? unknown,
    added: new Set((json.added_tokens ?? []).map(({ content }) => content)),
  });
}

/** `Digits` means Unicode digits to the library that made the vocabulary and ASCII digits to the one used here. */
function unicodeDigits(preTokenizer: unknown): unknown {
  const node = z
    .looseObject({
      type: z.string(),
      pretokenizers: z.array(z.unknown()).optional(),
      individual_digits: z.boolean().optional(),
    })
    .safeParse(preTokenizer);
  if (!node.success) return preTokenizer;
  if (node.data.pretokenizers) return { ...node.data, pretokenizers: node.data.pretokenizers.map(unicodeDigits) };
  if (node.data.type !== "Digits") return preTokenizer;
  const pattern = node.data.individual_digits ? "\\p{N}" : "\\p{N}+";
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}
